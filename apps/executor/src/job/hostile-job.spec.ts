import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { InlineVolume, make, type OutputUpload, SingleFilePut, ZipAndHttpPut } from '@horde/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import yazl from 'yazl';
import { buffer } from 'node:stream/consumers';
import { timing } from '@horde/testing/miner-executor/requests';
import { type Asked, runJob, shell, types, untilExecution, useImage } from '../testing/run-job.ts';

/**
 * Jobs that want to harm the machine or its owner. Whatever they do, the executor brings a result to its miner, exits
 * with 0, and leaves nothing.
 */
const image = useImage();

async function survived(asked: Asked) {
  const result = await runJob(image, asked);
  expect(result.exitCode).toBe(0);
  expect(result.closed).toMatchObject({ code: 1000 });
  expect(result.left).toEqual([]);
  return result;
}

/** A file of the machine that no job has any business with. */
function preciousFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-precious-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'secret'), 'the secret of the machine');
  return path.join(folder, 'secret');
}

/** Takes whatever it is sent. */
async function storage() {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await buffer(request));
    response.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, bodies };
}

const open = { allowPrivateAddresses: true };

describe('a job that runs into a limit of the machine', () => {
  it.each<[string, Asked, string]>([
    [
      'memory',
      {
        settings: { jobMemoryBytes: 'always_on.test=64m,*=8g' },
        job: { docker_run_cmd: shell('busybox tail /dev/zero') },
      },
      'JOB_MEMORY_BYTES',
    ],
    [
      'disk',
      {
        settings: { jobDiskMaxBytes: '20m' },
        job: {
          docker_run_cmd: shell('busybox dd if=/dev/zero of=/output/big bs=1000000 count=60; sleep 300'),
        },
      },
      'JOB_DISK_MAX_BYTES',
    ],
    [
      'log',
      { settings: { jobLogMaxBytes: '1m' }, job: { docker_run_cmd: shell('busybox yes') } },
      'JOB_LOG_MAX_BYTES',
    ],
  ])('%s: it is killed, and the failure names the limit', async (_, asked, name) => {
    const { frames, last } = await survived(asked);
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: expect.stringContaining(name) as string,
      docker_process_exit_status: 137,
    });
  });

  it('processes: a fork bomb runs until its time is over, and the executor with it', async () => {
    const { last } = await survived({
      settings: { jobPids: '32' },
      initial: { executor_timing: timing({ execution_time_limit: 2 }) },
      job: { docker_run_cmd: shell('bomb() { bomb | bomb & }; bomb 2>/dev/null & exec sleep 300') },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFailedRequest', reason: 'timeout', stage: 'execution' });
  });
});

describe('a job that ignores every signal', () => {
  it('is killed when its time is over', async () => {
    const { last } = await survived({
      initial: { executor_timing: timing({ execution_time_limit: 6 }) },
      job: { docker_run_cmd: shell('trap "" TERM INT HUP QUIT; echo deaf; while :; do sleep 1; done') },
    });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'timeout',
      docker_process_stdout: 'deaf\n',
    });
  });
});

describe('a job that plants things where its results are looked for', () => {
  it('does not bring back the machine’s files by a link in its artifacts', async () => {
    const precious = preciousFile();
    const { last } = await survived({
      job: {
        artifacts_dir: '/artifacts',
        docker_run_cmd: shell(
          `cd /artifacts; ln -s ${precious} link; ln -s /etc/shadow shadow; ln -s / root; ln -s .. up; echo mine >own`,
        ),
      },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest' });
    expect(last['artifacts']).toEqual({ '/artifacts/own': Buffer.from('mine\n').toString('base64') });
    expect(last['docker_process_stderr']).toContain('left out');
  });

  it('does not make the executor wait at a FIFO, or read a file that is all hole', async () => {
    const { last } = await survived({
      job: {
        artifacts_dir: '/artifacts',
        docker_run_cmd: shell(
          'for d in /artifacts /output; do busybox mkfifo $d/fifo; busybox truncate -s 9000G $d/hole; done',
        ),
      },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest', artifacts: {} });
  });

  it.each<[string, (url: string) => OutputUpload]>([
    ['one file', (url) => make(SingleFilePut, { url, relative_path: 'link' })],
    ['a file in a folder', (url) => make(SingleFilePut, { url, relative_path: 'folder/secret' })],
    ['all of them', (url) => make(ZipAndHttpPut, { url })],
  ])('does not have the machine’s files uploaded through a link, asked for %s', async (_, upload) => {
    const { url, bodies } = await storage();
    const precious = preciousFile();
    const { last } = await survived({
      settings: open,
      job: {
        output_upload: upload(url),
        docker_run_cmd: shell(
          `ln -s ${precious} /output/link; ln -s ${path.dirname(precious)} /output/folder; ln -sf ${precious} /output/stdout.txt`,
        ),
      },
    });
    expect(last['message_type']).toBe(bodies.length > 0 ? 'V0JobFinishedRequest' : 'V0JobFailedRequest');
    expect(bodies.some((body) => body.includes('the secret of the machine'))).toBe(false);
    expect(readFileSync(precious, 'utf8')).toBe('the secret of the machine');
  });
});

describe('a volume that wants to be written elsewhere, or to fill the disk', () => {
  const inline = async (name: string, contents: Buffer, relative_path: string | null = null) => {
    const archive = new yazl.ZipFile();
    archive.addBuffer(contents, name.replaceAll('..', 'xx'));
    archive.end();
    const bytes = await buffer(archive.outputStream);
    const evil = Buffer.from(
      bytes.toString('latin1').replaceAll(name.replaceAll('..', 'xx'), name),
      'latin1',
    );
    return make(InlineVolume, { contents: evil.toString('base64'), relative_path });
  };

  it.each([
    ['a path that leads out of it', 'fine', '../..'],
    ['an absolute path', 'fine', '/etc'],
  ])('%s', async (_, name, relative_path) => {
    const volume = await inline(name, Buffer.from('evil'), relative_path);
    const { last } = await survived({ initial: { volume } });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'download_failed',
      stage: 'volume_download',
    });
  });

  it('an archive whose member leads out of it: the member is unpacked inside, without those parts of its name', async () => {
    const volume = await inline('../../evil', Buffer.from('evil'));
    const list = shell('cd /volume && find . -type f');
    const { last } = await survived({ initial: { volume }, job: { docker_run_cmd: list } });
    expect(last).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: './evil\n',
    });
  });

  it('an archive that unpacks to more than a volume may hold', async () => {
    const volume = await inline('zeros', Buffer.alloc(30_000_000));
    const { last } = await survived({ settings: { volumeMaxSizeBytes: 10_000_000 }, initial: { volume } });
    expect(last).toMatchObject({ message_type: 'V0JobFailedRequest', reason: 'download_failed' });
  });
});

describe('a job that looks for a way out', () => {
  it('reaches no address of the machine, no gateway, no name', async () => {
    let reached = 0;
    const listener = createTcpServer((socket) => {
      reached++;
      socket.destroy();
    }).listen(0, '0.0.0.0');
    onTestFinished(() => void listener.close());
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as AddressInfo;
    const own = Object.values(networkInterfaces()).flatMap((addresses) =>
      addresses!.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
    );
    const tries = [...own, '169.254.169.254', '8.8.8.8']
      .map((address) => `busybox nc -w 1 ${address} ${port} </dev/null && echo reached ${address}`)
      .join('; ');
    const { last } = await survived({
      job: {
        docker_run_cmd: shell(
          `${tries}; busybox nslookup example.com >/dev/null 2>&1 && echo resolved; busybox ip -o link | busybox grep -v lo:; true`,
        ),
      },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest', docker_process_stdout: '' });
    expect(reached).toBe(0);
  });

  it('mounts nothing, traces nothing, makes no device, and gains no privilege', async () => {
    const { last } = await survived({
      job: {
        docker_run_cmd: shell(
          [
            'busybox mount -t tmpfs none /mnt && echo mounted',
            'busybox mknod /tmp/sda b 8 0 && echo made a device',
            'busybox unshare -r true && echo left its namespace',
            'busybox chroot /proc/1/root true && test /proc/1/root/output -ef /output || echo another root',
            'echo 1 > /proc/sys/kernel/panic && echo wrote a sysctl',
            'test -S /var/run/docker.sock && echo sees the engine',
            'busybox grep -q "NoNewPrivs:.1" /proc/self/status || echo may gain privileges',
            'true',
          ].join('; '),
        ),
      },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest', docker_process_stdout: '' });
  });
});

describe('a job that prints what breaks readers', () => {
  it('NUL, and bytes that are no text: they read as U+FFFD', async () => {
    const { last } = await survived({
      job: { docker_run_cmd: shell(String.raw`printf 'a\000b\377\303\050'; printf '\000' >&2`) },
    });
    expect(last).toMatchObject({
      docker_process_stdout: 'a\uFFFDb\uFFFD\uFFFD(',
      docker_process_stderr: '\uFFFD',
    });
  });

  it('more than a frame holds: both streams are cut to their ends', async () => {
    const { last } = await survived({
      job: {
        docker_run_cmd: shell(
          'busybox yes "12345678😀" | busybox head -c 30000000 | busybox tee /dev/stderr',
        ),
      },
    });
    for (const stream of ['docker_process_stdout', 'docker_process_stderr'])
      expect(Array.from(last[stream] as string)).toHaveLength(1_000_005);
  });
});
