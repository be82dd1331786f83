import { make, StreamingDetails } from '@horde/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@horde/testing/free-port';
import { timing } from '@horde/testing/miner-executor/requests';
import { makeStreamingUser, type StreamingUser } from '@horde/commands';
import { ask } from '@horde/testing/streaming-user';
import {
  runJob,
  shell,
  startJob,
  type StartedJob,
  types,
  untilExecution,
  useImage,
} from '../testing/run-job.ts';

const image = useImage();
let user: StreamingUser;
beforeAll(async () => void (user = await makeStreamingUser()));

/** Serves /health and a page, and ends when /cgi-bin/terminate is asked for. */
const server = `
  busybox mkdir -p /www/cgi-bin; echo fine > /www/health; echo "hello, $NAME" > /www/page
  cat > /www/cgi-bin/terminate <<'END'
#!/bin/sh
printf "Content-Type: text/plain\\r\\n\\r\\nbye"
touch /stop
END
  busybox chmod 755 /www/cgi-bin/terminate
  busybox httpd -p 8000 -h /www
  echo serving; while [ ! -e /stop ]; do sleep 0.1; done; sleep 0.3; echo over`;

const streaming = (public_key = user.cert) =>
  make(StreamingDetails, { public_key, executor_ip: '127.0.0.1' });

async function streamingReady({ executor }: StartedJob) {
  for (;;) {
    const frame = await executor.next();
    if (frame.message_type === 'V0StreamingJobReadyRequest') return frame;
  }
}

describe('a streaming job', () => {
  it('is reached by its user and nobody else, until it ends', async () => {
    const nginxPort = await freePort();
    const place = `https://127.0.0.1:${nginxPort}`;
    const job = await startJob(image, {
      initial: {
        streaming_details: streaming(),
        executor_timing: timing({ streaming_start_time_limit: 15 }),
      },
      job: { docker_run_cmd: shell(server), env: new Map([['NAME', 'user']]) },
      settings: { nginxPort },
    });
    await job.isReady;
    const ready = await streamingReady(job);
    expect(ready).toMatchObject({ job_uuid: job.jobUuid, port: nginxPort });
    const certificate = ready['public_key'] as string;
    expect(await ask(`${place}/page`, certificate, user)).toBe('200 hello, user\n');
    expect(await ask(`${place}/page`, certificate, {})).toMatch(/^403 /);
    expect(await ask(`${place}/page`, certificate, await makeStreamingUser())).toMatch(/^403 /);
    expect(await ask(`${place}/cgi-bin/terminate`, certificate, user)).toBe('200 bye');
    const { frames, last, left } = await job.finish();
    expect(types(frames)).toEqual([
      ...untilExecution,
      'V0StreamingJobReadyRequest',
      'V0ExecutionDoneRequest',
      'V0JobFinishedRequest',
    ]);
    expect(last).toMatchObject({ docker_process_stdout: 'serving\nover\n' });
    expect(left).toEqual([]);
    await expect(ask(`${place}/page`, certificate, user)).rejects.toThrow('ECONNREFUSED');
  });

  it('that is not healthy in time failed at the start of its streaming, with what it printed', async () => {
    const { frames, last, left } = await runJob(image, {
      initial: {
        streaming_details: streaming(),
        executor_timing: timing({
          allowed_leeway: 0,
          download_time_limit: 5,
          streaming_start_time_limit: 5,
        }),
      },
      job: { docker_run_cmd: shell('echo started; sleep 300') },
      settings: { nginxPort: await freePort() },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'timeout',
      stage: 'streaming_startup',
      docker_process_stdout: 'started\n',
    });
    expect(left).toEqual([]);
  });

  it('that runs too long is stopped in the stage of its execution', async () => {
    const { frames, last, left } = await runJob(image, {
      initial: {
        streaming_details: streaming(),
        executor_timing: timing({
          allowed_leeway: 0,
          download_time_limit: 8,
          streaming_start_time_limit: 8,
          execution_time_limit: 0,
        }),
      },
      job: { docker_run_cmd: shell(server) },
      settings: { nginxPort: await freePort() },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0StreamingJobReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'timeout',
      stage: 'execution',
      docker_process_stdout: 'serving\n',
    });
    expect(left).toEqual([]);
  });

  it('that ends before anybody could reach it failed by its exit code', async () => {
    const { last } = await runJob(image, {
      initial: { streaming_details: streaming() },
      job: { docker_run_cmd: shell('echo no port >&2; exit 4') },
      settings: { nginxPort: await freePort() },
    });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      docker_process_exit_status: 4,
      docker_process_stderr: 'no port\n',
    });
  });

  it('whose user has no certificate is refused', async () => {
    const { last, left } = await runJob(image, {
      initial: { streaming_details: streaming('no certificate') },
      job: { docker_run_cmd: shell(server) },
      settings: { nginxPort: await freePort() },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFailedRequest', stage: 'streaming_startup' });
    expect(left).toEqual([]);
  });
});
