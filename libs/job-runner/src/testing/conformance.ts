import { randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeJobFolders, removeJobFolders } from '../folders.ts';
import type { JobFolders, JobRunner, JobSpec, RunOptions, StoredOutput } from '../runner.ts';
import { anyProcessWith, appears } from './observe.ts';

export interface RunnerUnderTest {
  runner: JobRunner;
  /** Present on this machine, with a shell and the usual commands in it. */
  image: string;
  close(): Promise<void>;
}

const never = () => new AbortController().signal;

/**
 * What every JobRunner promises; see the interface. Called at the top of a runner's spec.
 *
 * @param makeRunner makes a runner with the given limit on what a job prints, in bytes; null: the runner's own
 */
export function jobRunnerConformance(
  name: string,
  makeRunner: (logMaxBytes: number | null) => Promise<RunnerUnderTest>,
): void {
  describe(`the promises of a job runner: ${name}`, () => {
    let base: string;
    let test: RunnerUnderTest;

    beforeAll(async () => {
      base = mkdtempSync(path.join(tmpdir(), 'horde-conformance-'));
      test = await makeRunner(null);
      await test.runner.prepare(test.image, never());
    });

    afterAll(async () => {
      await test?.close();
      rmSync(base, { recursive: true, force: true });
    });

    /** A job of its own, with a mark in its environment that tells its processes from all others. */
    async function job(command: string[] | string, spec: Partial<JobSpec> = {}) {
      const folders = await makeJobFolders(base, 'job');
      onTestFinished(() => removeJobFolders(folders));
      const jobUuid = randomUUID();
      const mark = `HORDE_MARK=${jobUuid}`;
      const full: JobSpec = {
        jobUuid,
        image: test.image,
        command: typeof command === 'string' ? ['sh', '-c', command] : command,
        artifactsDir: '/artifacts',
        gpu: 'none',
        script: null,
        ...spec,
        env: new Map([['HORDE_MARK', jobUuid], ...(spec.env ?? [])]),
      };
      const run = (options: Partial<RunOptions> = {}, runner = test.runner) =>
        runner.run(full, folders, { signal: never(), deadline: Date.now() + 25_000, ...options });
      return { jobUuid, folders, run, stillRuns: () => anyProcessWith(mark) };
    }

    const stored = (folders: JobFolders, stream: string) =>
      readFileSync(path.join(folders.output, `${stream}.txt`));

    it('gives the exit code, with stdout and stderr apart', async () => {
      const { run, folders } = await job('echo to out; echo to err >&2; exit 3');
      const ending = await run();
      expect(ending).toMatchObject({ exitCode: 3, timedOut: false, limit: null });
      expect(ending).toMatchObject({ stdout: 'to out\n', stderr: 'to err\n' });
      expect(stored(folders, 'stdout').toString()).toBe('to out\n');
      expect(stored(folders, 'stderr').toString()).toBe('to err\n');
    });

    it("shows the job nothing of the machine's way out", async () => {
      for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
        vi.stubEnv(name, 'http://proxy.example');
        vi.stubEnv(name.toLowerCase(), 'http://proxy.example');
      }
      onTestFinished(() => void vi.unstubAllEnvs());
      const { run } = await job('env');
      expect((await run()).stdout).not.toMatch(/proxy/i);
    });

    it('shows the volume, and brings back what the job writes to its output and artifacts', async () => {
      const { run, folders } = await job(
        'cat /volume/in.txt > /output/out.txt && echo art > /artifacts/a.txt',
      );
      writeFileSync(path.join(folders.volume, 'in.txt'), 'input\n');
      expect(await run()).toMatchObject({ exitCode: 0, stderr: '' });
      expect(readFileSync(path.join(folders.output, 'out.txt'), 'utf8')).toBe('input\n');
      expect(readFileSync(path.join(folders.artifacts, 'a.txt'), 'utf8')).toBe('art\n');
    });

    it('passes the environment as it is, and nothing of its own', async () => {
      process.env['HORDE_TEST_SECRET'] = 'do not tell';
      onTestFinished(() => void delete process.env['HORDE_TEST_SECRET']);
      const env = new Map([['ODD', ' a=b "c" $d\nline two ŻÓŁW 😀 ']]);
      const { run } = await job('printf %s "$ODD"; env >&2', { env });
      const ending = await run();
      expect(ending.stdout).toBe(env.get('ODD'));
      expect(ending.stderr).not.toContain('HORDE_TEST_SECRET');
    });

    it('kills a job that ignores signals when its time is over, and keeps what it printed', async () => {
      const { run, stillRuns, folders } = await job(
        'trap "" TERM INT HUP; echo started; touch /output/started; while :; do sleep 1; done',
      );
      const started = appears(path.join(folders.output, 'started'));
      const ending = await run({ deadline: Date.now() + 2_000 });
      await started;
      expect(ending).toMatchObject({ exitCode: null, timedOut: true, stdout: 'started\n' });
      expect(stillRuns()).toBe(false);
    });

    it('leaves none of the processes that the job started', async () => {
      const { run, stillRuns } = await job('sleep 300 & sleep 300 & echo done');
      expect(await run()).toMatchObject({ exitCode: 0, stdout: 'done\n' });
      expect(stillRuns()).toBe(false);
    });

    it('says that a command does not exist, as exit code 127', async () => {
      const { run, folders } = await job(['no-such-command', '--help']);
      const ending = await run();
      expect(ending).toMatchObject({ exitCode: 127, timedOut: false, stdout: '' });
      expect(ending.stderr).toMatch(
        /^The command "no-such-command" is not (in the image|on this machine)\.\n$/,
      );
      expect(stored(folders, 'stderr').toString()).toBe(ending.stderr);
    });

    it('says that a command cannot be run, as exit code 126', async () => {
      const { run } = await job(['/etc']);
      const ending = await run();
      expect(ending).toMatchObject({ exitCode: 126, timedOut: false });
      expect(ending.stderr).toMatch(/^The command "\/etc" cannot be run: .+\.\n$/);
    });

    it.each([
      ['are too long', 'x'.repeat(3_000_000)],
      ['hold a NUL', 'a\0b'],
    ])('ends a job whose arguments %s as one that failed, saying so', async (_, argument) => {
      const { run } = await job('', { command: ['echo', argument] });
      const { exitCode, stderr } = await run();
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr).toMatch(/too long|NUL|null bytes|invalid argument/i);
    });

    it('cuts long output to its two ends for the result, and stores all of it', async () => {
      const lines = 200_000;
      const { run, folders } = await job(`seq 1 ${lines}`);
      const { stdout } = await run();
      const whole = Array.from({ length: lines }, (_, index) => `${index + 1}\n`).join('');
      expect(stdout).toBe(`${whole.slice(0, 500_000)} ... ${whole.slice(-500_000)}`);
      expect(stored(folders, 'stdout').toString()).toBe(whole);
    });

    it('offers the output while the job runs, the same and in the same order as it is stored', async () => {
      const { run, folders } = await job(
        'i=0; while [ $i -lt 2000 ]; do echo "line $i"; echo "note $i" >&2; i=$((i+1)); done; ' +
          'touch /output/printed; while [ ! -e /volume/go ]; do sleep 0.05; done; echo end',
      );
      const offered = { stdout: '', stderr: '' };
      const live = Promise.withResolvers<void>();
      let kept!: StoredOutput;
      const ended = run({
        onStored: (output) => (kept = output),
        onOutput: (stream, chunk) => {
          offered[stream] += chunk.toString('latin1');
          if (offered.stdout.includes('line 1999\n') && offered.stderr.includes('note 1999\n'))
            live.resolve();
        },
      });
      await live.promise;
      await expect.poll(() => kept.size.stderr).toBe(offered.stderr.length);
      expect((await kept.read('stderr', 5, 1_000_000)).toString()).toBe(offered.stderr.slice(5));
      writeFileSync(path.join(folders.volume, 'go'), '');
      expect(await ended).toMatchObject({ exitCode: 0 });
      expect(offered.stdout).toMatch(/end\n$/);
      expect(offered.stdout).toBe(stored(folders, 'stdout').toString());
      expect(offered.stderr).toBe(stored(folders, 'stderr').toString());
      rmSync(path.join(folders.output, 'stdout.txt'));
      expect((await kept.read('stdout', 0, 1_000_000)).toString()).toBe(offered.stdout);
      kept.close();
    });

    it('kills a job that prints more than its limit, and stores all up to it', async () => {
      const { runner, close } = await makeRunner(100_000);
      onTestFinished(close);
      const { run, folders, stillRuns } = await job('yes 0123456 >&2 & exec yes 0123456');
      const ending = await run({}, runner);
      expect(ending).toMatchObject({ exitCode: 137, timedOut: false });
      expect(ending.limit).toBe(
        'The job printed more than 97.7 KiB, the limit JOB_LOG_MAX_BYTES of this machine, and was killed.',
      );
      expect(stored(folders, 'stdout').length + stored(folders, 'stderr').length).toBe(100_000);
      expect(stillRuns()).toBe(false);
    });

    it('shows a script, and runs it by python where there is no command', async () => {
      // A container's script cannot be changed; a plain process would go on with what it adds.
      const script = `echo "ran: $0"${test.runner.isolated ? '; echo changed >> "$0" || echo unchanged' : ''}`;
      const env = new Map([['PATH', '/volume:/usr/bin:/bin']]);
      const { run, folders } = await job([], { script, env });
      const python = path.join(folders.volume, 'python'); // a stand-in: not every image has one
      writeFileSync(python, '#!/bin/sh\nexec sh "$@"\n');
      chmodSync(python, 0o755);
      const { stdout, exitCode } = await run();
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^ran: .*\/script\.py\n/);
      if (test.runner.isolated) expect(stdout).toBe('ran: /script.py\nunchanged\n');
      const other = await job('cat /script.py', { script });
      expect((await other.run()).stdout).toBe(script);
    });

    it('survives NUL and bytes that are not UTF-8, and stores them untouched', async () => {
      const { run, folders } = await job(String.raw`printf 'a\000b\377\303\251'`);
      expect((await run()).stdout).toBe('a\uFFFDb\uFFFDé');
      expect(stored(folders, 'stdout')).toEqual(Buffer.from('a\0b\xff\xc3\xa9', 'latin1'));
    });

    it('stores the output past what the job left under its name, following no link', async () => {
      const precious = path.join(base, `precious-${randomUUID()}`);
      writeFileSync(precious, 'untouched');
      const { run, folders } = await job(
        `ln -s ${precious} /output/stdout.txt; mkdir -p /output/stderr.txt/a; echo hello`,
      );
      expect(await run()).toMatchObject({ exitCode: 0 });
      expect(readFileSync(precious, 'utf8')).toBe('untouched');
      expect(lstatSync(path.join(folders.output, 'stdout.txt')).isFile()).toBe(true);
      expect(stored(folders, 'stdout').toString()).toBe('hello\n');
      expect(stored(folders, 'stderr').toString()).toBe('');
    });

    it('stops the job when it is aborted, and rejects with the reason', async () => {
      const { run, folders, stillRuns } = await job(
        'echo hello; echo careful >&2; touch /output/started; while :; do sleep 1; done',
      );
      const controller = new AbortController();
      const printed = Promise.withResolvers<{ stdout: string; stderr: string }>();
      const ended = run({ signal: controller.signal, onStopped: printed.resolve });
      ended.catch(() => {}); // it rejects before it is looked at
      await appears(path.join(folders.output, 'started'));
      controller.abort(new Error('changed my mind'));
      await expect(ended).rejects.toThrow('changed my mind');
      expect(stillRuns()).toBe(false);
      expect(await printed.promise).toEqual({ stdout: 'hello\n', stderr: 'careful\n' });
    });

    it('does not start a job that is aborted already', async () => {
      const { run } = await job('true');
      await expect(run({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
      await expect(test.runner.prepare(test.image, AbortSignal.abort(new Error('too late')))).rejects.toThrow(
        'too late',
      );
    });

    it('cleans up a job that still runs, any number of times', async () => {
      const { run, folders, jobUuid, stillRuns } = await job(
        'touch /output/started; while :; do sleep 1; done',
      );
      const ended = run();
      await appears(path.join(folders.output, 'started'));
      await test.runner.cleanUp(jobUuid);
      expect((await ended).exitCode).toBe(137);
      expect(stillRuns()).toBe(false);
      await test.runner.cleanUp(jobUuid);
      await test.runner.cleanUp(randomUUID());
    });

    it('runs two jobs at once, each with its own folders', async () => {
      const jobs = await Promise.all(
        ['one', 'two'].map((text) => job(`echo ${text} > /output/f; cat /output/f`)),
      );
      const endings = await Promise.all(jobs.map(({ run }) => run()));
      expect(endings.map(({ stdout }) => stdout)).toEqual(['one\n', 'two\n']);
    });

    const long = ['/a'.repeat(2000), `/${'a'.repeat(256)}`];
    it.each(['artifacts', '/a/../etc', '/a:/etc', '/a\0b', '/', '/volume/', '/output', '/proc/x', ...long])(
      'refuses the artifacts folder %j',
      async (artifactsDir) => {
        const { run } = await job('true', { artifactsDir });
        await expect(run()).rejects.toMatchObject({
          code: 'ARTIFACTS_DIR_REFUSED',
          reason: 'unknown',
          stage: 'execution',
        });
      },
    );
  });
}
