import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { dockerJobs } from '../testing/docker-jobs.ts';
import { appears } from '../testing/observe.ts';
import { checkRuntimes, resolveLimits } from './limits.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

describe("a job that goes over the machine's limits", () => {
  const { job, test, changedImage } = dockerJobs();

  it('ends with 137 and a sentence where it takes too much memory', async () => {
    // Of a container that dies as soon as it starts, containerd does not always notice why.
    const { run, left } = await job('sleep 1; exec tail -c 150m /dev/zero', { memoryBytes: 64 * MiB });
    expect(await run()).toMatchObject({
      exitCode: 137,
      timedOut: false,
      limit:
        'The job needed more than 64 MiB of memory, the limit JOB_MEMORY_BYTES of this machine, ' +
        'and a process of it was killed.',
    });
    expect(await left()).toEqual([]);
  });

  it('keeps its own exit code where it lived on after a process was killed for its memory', async () => {
    const tail = 'tail -c 150m /dev/zero';
    const failed = await job(`${tail}; sleep 1; exit 5`, { memoryBytes: 64 * MiB });
    expect(await failed.run()).toMatchObject({
      exitCode: 5,
      limit: expect.stringContaining('64 MiB') as string,
    });
    const went = await job(`${tail}; exit 0`, { memoryBytes: 64 * MiB });
    expect(await went.run()).toMatchObject({ exitCode: 0, limit: null });
  });

  it('counts /dev/shm as memory, and holds it to its own size', async () => {
    const { run } = await job(
      'df -k /dev/shm | tail -1; head -c 30m /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x',
      {
        shmBytes: 16 * MiB,
      },
    );
    expect((await run()).stdout).toMatch(/\s16384\s.*\n16777216\n$/);
  });

  it.each([
    ['its output', '/output/big'],
    ['its volume', '/volume/big'],
    ['its artifacts', '/artifacts/big'],
    ["its image's files", '/big'],
  ])('ends with 137 and a sentence where it fills the disk: %s', async (_where, file) => {
    const { run, left } = await job(`head -c 90m /dev/zero > ${file}; while :; do sleep 1; done`, {
      diskMaxBytes: 50 * MiB,
    });
    expect(await run()).toMatchObject({
      exitCode: 137,
      timedOut: false,
      limit:
        "The job's files took more than 50 MiB of disk, the limit JOB_DISK_MAX_BYTES of this machine, " +
        'and the job was killed.',
    });
    expect(await left()).toEqual([]);
  });

  it('ends with 137 and a sentence where it fills a volume of its image', async () => {
    const { run, left, folders } = await job(
      'cat /data/given; head -c 90m /dev/zero > /data/big; while :; do sleep 1; done',
      { diskMaxBytes: 50 * MiB },
      { image: await changedImage('mkdir /data; echo given > /data/given', 'VOLUME /data/') },
    );
    expect(await run()).toMatchObject({
      exitCode: 137,
      stdout: 'given\n',
      limit: expect.stringContaining('JOB_DISK_MAX_BYTES') as string,
    });
    expect(await left()).toEqual([]);
    const { Volumes } = await test.image.docker.listVolumes();
    const ofThisJob = Volumes.filter(({ Options }) => Options?.['device']?.startsWith(folders.root));
    expect(ofThisJob).toEqual([]);
  });

  it('is not the machine’s failure where it moves folders away from under a measurement', async () => {
    const { run } = await job(
      'cd /output; mkdir -p x a/b; for i in $(seq 300); do mkdir -p a/b/c/$i/d/e; done; ' +
        'while :; do mv a/b x/b; mv x/b a/b; mv a y; mv y a; done 2>/dev/null',
      { diskMaxBytes: 500 * MiB },
    );
    const ending = await run(6_000);
    if (ending.timedOut) expect(ending.limit).toBeNull();
    else
      expect(ending).toMatchObject({
        exitCode: 137,
        limit: expect.stringContaining('could not be measured') as string,
      });
  });

  it('is not ended for holes in files, links to one file, or links out of its folders', async () => {
    const { run } = await job(
      'cd /output; dd if=/dev/null of=hole bs=1M seek=100000 2>/dev/null; head -c 20m /dev/zero > one; ' +
        'for i in 1 2 3 4 5; do ln one link$i; done; ln -s / root; ln -s /proc proc; sleep 4; echo fine',
      { diskMaxBytes: 50 * MiB },
    );
    expect(await run()).toMatchObject({ exitCode: 0, stdout: 'fine\n', limit: null });
  });

  it('ends where the disk is almost full, even if files show nowhere: deleted while they are held open', async () => {
    const { run, folders, left } = await job(
      'exec 3> /volume/hidden; rm /volume/hidden; head -c 60m /dev/zero >&3; while :; do sleep 1; done',
    );
    execFileSync('/bin/busybox', ['mount', '-t', 'tmpfs', '-o', 'size=64m,mode=777', 'none', folders.volume]);
    try {
      const ending = await run();
      expect(ending).toMatchObject({ exitCode: 137, timedOut: false });
      expect(ending.limit).toMatch(
        /^The disk of this machine has less than 16 MiB left, and the job was killed\./,
      );
      expect(await left()).toEqual([]);
    } finally {
      execFileSync('/bin/busybox', ['umount', folders.volume]);
    }
  });

  it('has no more of the processors than its limit says', async () => {
    const { run } = await job(
      'cd /sys/fs/cgroup; cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us',
      { cpus: 0.5 },
    );
    expect((await run()).stdout.trim().split(/\s/)).toEqual(['50000', '100000']);
  });

  it('cannot have more processes, and a fork bomb is killed at the deadline', async () => {
    const { run, left, folders } = await job(
      'f() { f | f & }; (f) 2>/dev/null & : > /output/started; exec sleep 1000',
      { pids: 20 },
    );
    const started = appears(`${folders.output}/started`);
    expect(await run(3_000)).toMatchObject({ exitCode: null, timedOut: true, limit: null });
    await started;
    expect(await left()).toEqual([]);
  });
});

describe("an operator's choices for a job's container", () => {
  const { job } = dockerJobs();

  it('leave a job that starts as root able to give files away and to become another user', async () => {
    const { run } = await job(
      'echo "user:x:1234:1234::/:/bin/sh" > /etc/passwd; touch /output/f; chown user /output/f; stat -c %u /output/f; ' +
        'exec su user -c "id -u; echo own > /output/f && cat /output/f"',
    );
    expect(await run()).toMatchObject({ exitCode: 0, stdout: '1234\n1234\nown\n' });
  });

  it('can leave it no capability', async () => {
    const { run } = await job('grep CapBnd /proc/self/status; touch /tmp/f; chown 1234 /tmp/f', {
      dropAllCapabilities: true,
    });
    const { stdout, stderr } = await run();
    expect(stdout).toBe('CapBnd:\t0000000000000000\n');
    expect(stderr).toContain('Operation not permitted');
  });

  it("can keep its image's files as they are, with a /tmp that programs run from", async () => {
    const { run } = await job(
      'touch /etc/x; cp /bin/busybox /tmp/busybox && /tmp/busybox echo ran; echo kept > /output/f && cat /output/f',
      { readOnlyRoot: true },
    );
    const { stdout, stderr } = await run();
    expect(stdout).toBe('ran\nkept\n');
    expect(stderr).toContain('Read-only file system');
  });

  it('are refused clearly where the engine does not know the runtime', async () => {
    const { run, left } = await job('true', { runtime: 'kata' });
    await expect(run()).rejects.toThrow(
      /^The Docker engine of this machine has no runtime "kata" \(it has .*runc.*\)\. Register it/,
    );
    expect(await left()).toEqual([]);
    expect(await (await job('true', { runtime: 'runc' })).run(20_000)).toMatchObject({ exitCode: 0 });
  });
});

describe('the limits of a machine whose operator set none', () => {
  const engine = {
    memoryBytes: 64 * GiB,
    cpus: 8,
    runtimes: ['runc', 'nvidia'],
    defaultRuntime: 'runc',
    root: '/',
    hasProxy: false,
  };

  it('are the machine less a reserve', () => {
    expect(resolveLimits({}, engine)).toEqual({
      memoryBytes: Math.floor(64 * GiB * 0.95),
      cpus: 7.8,
      shmBytes: Math.floor(Math.floor(64 * GiB * 0.95) / 2),
    });
    expect(resolveLimits({}, { ...engine, memoryBytes: 8 * GiB }).memoryBytes).toBe(7 * GiB);
    expect(resolveLimits({}, { ...engine, memoryBytes: GiB }).memoryBytes).toBe(GiB / 2);
    expect(resolveLimits({ cpus: 64 }, engine).cpus).toBe(engine.cpus);
  });

  it('ask GPUs of the runtime nvidia, or of the one that the operator chose', () => {
    checkRuntimes({}, true, engine);
    checkRuntimes({ runtime: 'runc' }, true, { ...engine, runtimes: ['runc'] });
    checkRuntimes({ runtime: 'io.containerd.kata.v2' }, false, engine);
    expect(() => checkRuntimes({}, true, { ...engine, runtimes: ['runc'] })).toThrow(
      'no NVIDIA container runtime',
    );
  });
});
