import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freePort } from '@horde/testing/free-port';
import type { StreamingDoor } from '../runner.ts';
import { makeIdentity } from '../streaming/certificate.ts';
import { dockerJobs } from '../testing/docker-jobs.ts';

describe('a streaming job', () => {
  const { job, test } = dockerJobs();

  async function streamingJob(script: string) {
    const { run, left, jobUuid, folders } = await job(script);
    const { certificate } = await makeIdentity('127.0.0.1');
    const port = await freePort();
    const door = Promise.withResolvers<StreamingDoor>();
    const printed = Promise.withResolvers<{ stdout: string }>();
    const ended = run(40_000, {
      onStopped: printed.resolve,
      streaming: {
        clientCertificate: certificate,
        address: '127.0.0.1',
        port,
        readyDeadline: Date.now() + 30_000,
        onReady: door.resolve,
      },
    });
    ended.catch(() => {});
    const filters = { label: [`horde.job=${jobUuid}`] };
    const leftovers = async () => [...(await left()), ...(await test.image.docker.listNetworks({ filters }))];
    return { ended, door: door.promise, printed: printed.promise, port, leftovers, folders };
  }

  it('lets its user in once it answers /health, and takes all of it away when it ends', async () => {
    const { ended, door, port, leftovers, folders } = await streamingJob(
      'mkdir /www; echo ok > /www/health; httpd -p 8000 -h /www; while [ ! -e /volume/go ]; do sleep 0.1; done; echo over',
    );
    expect(await door).toMatchObject({ port, certificate: expect.stringContaining('CERTIFICATE') as string });
    writeFileSync(`${folders.volume}/go`, '');
    expect(await ended).toMatchObject({ exitCode: 0, stdout: 'over\n' });
    expect(await leftovers()).toEqual([]);
  });

  it('has failed where it ends well before it answered /health', async () => {
    const { ended, printed, leftovers } = await streamingJob('echo done already');
    await expect(ended).rejects.toMatchObject({ code: 'STREAMING_ENDED_EARLY', stage: 'streaming_startup' });
    expect((await printed).stdout).toBe('done already\n');
    expect(await leftovers()).toEqual([]);
  });

  it('ends as any job where it ends badly before it answered /health', async () => {
    const { ended, leftovers } = await streamingJob('echo no model >&2; exit 4');
    expect(await ended).toMatchObject({ exitCode: 4, stderr: 'no model\n' });
    expect(await leftovers()).toEqual([]);
  });
});
