import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { Keypair } from '@horde/identity';
import { makeCertificate } from '@horde/network';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { horde, lastJson, root, startHorde, type Finished, type Running } from '@horde/testing/horde';
import { inTerminal, type InTerminal } from '@horde/testing/terminal';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';

const bundle = path.join(root, 'apps/cli/dist/main.mjs');
const key = Keypair.generate();
const run = ['jobs', 'run', '--class', 'always_on.test'];

/** A real facilitator; its validator is played by each spec. */
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-cli-'));
  facilitator = await startFacilitator([key.address]);
  environment = {
    FACILITATOR_URL: facilitator.url,
    BITTENSOR_WALLET_DIRECTORY: path.join(folder, 'wallets'),
    VALIDATOR_HOTKEY: '',
    HORDE_PROFILE: '',
    HORDE_ROOT: '',
    XDG_CACHE_HOME: path.join(folder, 'cache'),
  };
  const made = await command(['keys', 'new']);
  await facilitator.allow(made.stdout.trim());
});
beforeEach(async () => {
  validator = await ScriptedValidator.logIn(facilitator.url, key, { 'X-Horde-Extensions': 'cancel-1' });
  return () => validator.leave();
});
afterAll(async () => {
  await facilitator.stop();
  await rm(folder, { recursive: true });
});

const command = (args: string[]) => horde(args, folder, environment);
const started = (args: string[]): Running => startHorde(args, folder, environment);
const terminal = (args: string[]): InTerminal =>
  inTerminal([process.execPath, bundle, ...args], {
    ...process.env,
    ...environment,
    XDG_CONFIG_HOME: folder,
    HORDE_DATA: folder,
  });

/** Takes the job and says that it runs. @returns its uuid */
async function takes(): Promise<string> {
  const { uuid } = await validator.nextJob();
  for (const status of ['received', 'accepted', 'executor_ready', 'volumes_ready'])
    await validator.update(uuid, status, {});
  return uuid;
}

const completed = (uuid: string, more: object = {}) =>
  validator.update(uuid, 'completed', {
    miner_response: {
      job_uuid: uuid,
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'hello\n',
      docker_process_stderr: 'careful\n',
      artifacts: {},
      upload_results: {},
      ...more,
    },
  });

const failed = (uuid: string, exitStatus: number | null) =>
  validator.update(uuid, 'failed', {
    job_failure_details: {
      reason: exitStatus === null ? 'timeout' : 'nonzero_return_code',
      stage: 'execution',
      message: 'It went \u001b[2Jwrong.',
      docker_process_exit_status: exitStatus,
      docker_process_stdout: 'half\n',
      docker_process_stderr: '',
    },
  });

describe('without a terminal', () => {
  it('a job is its id and plain lines beside what it prints, and its artifacts are saved', async () => {
    const save = path.join(folder, 'results');
    const ran = started([...run, 'alpine', '--env', 'A=b', '--save', save, '--', 'echo', '--hello']);
    const uuid = await takes();
    const artifact = Buffer.from('{}').toString('base64');
    const names = ['/artifacts/a/report.json', '/artifacts/b/report.json', '/artifacts/../../report.json'];
    await completed(uuid, { artifacts: Object.fromEntries(names.map((name) => [name, artifact])) });
    const { code, stdout, stderr } = await ran.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
    expect(stderr.split('\n')[0]).toBe(`job ${uuid}`);
    expect(stderr).toMatch(/^ +\d+\.\d\d s {2}accepted$/m);
    expect(stderr).toContain('careful\n');
    // oxlint-disable-next-line no-control-regex -- none is to be there
    expect(stderr).not.toMatch(/[\u001b\r]/);
    for (const name of ['a/report.json', 'b/report.json'])
      expect(await readFile(path.join(save, name), 'utf8')).toBe('{}');
    expect(stderr).toContain('not saved: artifact /artifacts/../../report.json');

    const unsaved = await command(['jobs', 'result', uuid, '--save', '/dev/null/results']);
    expect(unsaved).toMatchObject({ code: 1, stdout: 'hello\n' });
    expect(unsaved.stderr).toContain(`horde jobs result ${uuid.slice(0, 8)} --save FOLDER`);
  });

  it.each([
    [7, 7, 'What it printed: horde jobs logs'],
    [null, 125, '--time SECONDS'],
  ])(
    'a job that fails with the exit code %s ends with %d, and says what to do',
    async (exitStatus, code, advice) => {
      const ran = started([...run, 'alpine']);
      await failed(await takes(), exitStatus);
      const finished = await ran.finished;
      expect(finished).toMatchObject({ code, stdout: 'half\n' });
      expect(finished.stderr).toContain('It went [2Jwrong.');
      expect(finished.stderr).toContain(advice);
    },
  );

  it('a job that the network fails ends with 125, as JSON, too', async () => {
    const ran = started([...run, 'alpine', '--json']);
    const { uuid } = await validator.nextJob();
    const details = { reason: 'no_miner_for_job', message: 'Nobody offers it.', rejected_by: 'validator' };
    await validator.update(uuid, 'rejected', { job_rejection_details: details });
    const finished = await ran.finished;
    expect(finished.code).toBe(125);
    expect(lastJson(finished)).toMatchObject({ uuid, status: 'rejected', exit_code: 125 });
    const { sentence, advice } = lastJson(
      await command(['jobs', 'describe', uuid.slice(0, 8), '--json']),
    ) as {
      sentence: string;
      advice: string;
    };
    expect([sentence, advice]).toEqual([
      'Nobody offers it.',
      'Run it again later, or with another class: horde classes',
    ]);
  });

  it('a job can be left, looked at, cancelled, and its result fetched later', async () => {
    const detached = await command([...run, 'alpine', '--detach']);
    const uuid = detached.stdout.trim();
    expect(detached).toMatchObject({ code: 0, stderr: '' });
    expect(await takes()).toBe(uuid);
    expect((await command(['jobs', 'describe'])).stdout).toMatch(
      /^ {2}It waits until the container ends, for \d+ s now\.$/m,
    );
    expect((await command(['jobs', 'result'])).code).toBe(1);
    const listed = await command(['jobs', 'list', '--limit', '1']);
    expect(listed.stdout).toMatch(
      new RegExp(`^${uuid.slice(0, 8)} {2}volumes_ready +always_on.test +alpine +\\d+ s ago$`, 'm'),
    );
    const cancelled = started(['jobs', 'cancel', uuid.slice(0, 6)]);
    expect(await validator.next()).toMatchObject({ message_type: 'V0CancelJobRequest', job_uuid: uuid });
    await failed(uuid, 137);
    expect((await cancelled.finished).stdout).toMatch(/^[0-9a-f]{8} {2}failed\. It went/);
    expect(await command(['jobs', 'result', uuid])).toMatchObject({ code: 137, stdout: 'half\n' });
    expect((await command(['jobs', 'logs', uuid])).stdout).toBe('half\n');
  });

  it('a list has the jobs that were asked for, in pages, and says when there are none', async () => {
    const tagged = ['--tag', 'listed', '--namespace', 'SN1.0'];
    const uuids: string[] = [];
    for (let count = 0; count < 2; count++) {
      uuids.unshift((await command([...run, 'alpine', ...tagged, '--detach'])).stdout.trim());
      await failed(await takes(), 1);
    }
    const list = ['jobs', 'list', '--json', '--limit', '1'];
    const ids = (finished: Finished) => (lastJson(finished) as { uuid: string }[]).map(({ uuid }) => uuid);
    const fits = ['--class', 'always_on.test', ...tagged, '--status', 'failed', '--created-after', '1h'];
    const first = await command([...list, ...fits]);
    expect(ids(first)).toEqual(uuids.slice(0, 1));
    const [, more] = /^More: the same with (--created-after \S+ --cursor \S+)$/m.exec(first.stderr)!;
    const second = await command([...list, ...fits, ...more!.split(' ')]);
    expect([ids(second), second.stderr]).toEqual([uuids.slice(1), '']);
    for (const other of [
      ['--class', 'always_on.gpu-24gb'],
      ['--created-before', '2026-01-31T12:00:00Z'],
    ])
      expect((await command(['jobs', 'list', ...other])).stdout).toBe('No job of yours fits that.\n');
  });

  it('a local port leads to a streaming job, over mutual TLS', async () => {
    const certificate = await makeCertificate([]);
    const tls = { cert: certificate.certificate, key: certificate.key };
    const server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const { fingerprint256 } = (request.socket as TLSSocket).getPeerCertificate();
        response.end(`${request.url} of ${fingerprint256}`);
      },
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());

    const ran = started([...run, 'alpine', '--stream', '0']);
    let said = '';
    ran.child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const { uuid, streaming_details: user } = await validator.nextJob();
    for (const status of ['received', 'accepted', 'executor_ready', 'volumes_ready'])
      await validator.update(uuid, status, {});
    await validator.update(uuid, 'streaming_ready', {
      streaming_details: {
        streaming_server_cert: certificate.certificate,
        streaming_server_address: '127.0.0.1',
        streaming_server_port: (server.address() as AddressInfo).port,
      },
    });
    const url = await expect
      .poll(() => /the job listens: (\S+)/.exec(said)?.[1])
      .toBeTruthy()
      .then(() => /the job listens: (\S+)/.exec(said)![1]!);
    const { fingerprint256 } = new X509Certificate(user!.public_key);
    expect(await (await fetch(`${url}generate`)).text()).toBe(`/generate of ${fingerprint256}`);
    await completed(uuid);
    expect((await ran.finished).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it.each<[string, string[], string]>([
    ['an option that there is not', ['--bogus', 'alpine'], 'Usage: horde jobs run'],
    ['a limit that is no number', ['--time', 'long', 'alpine'], 'It is a number of seconds'],
    ['a class that there is not', ['--class', 'fast', 'alpine'], 'horde classes lists them'],
    ['a folder that nothing can be saved in', ['--save', '/dev/null/x', 'alpine'], 'no files can be written'],
    ['a folder that there is not', ['--volume', '/nowhere', 'alpine'], 'There is no file or folder'],
  ])('%s is refused with 2 and what to do', async (_name, args, sentence) => {
    const { code, stdout, stderr } = await command([...run, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });
});

describe('in a terminal', () => {
  it('the last line says what is waited for, and what the job prints stays whole', async () => {
    const shell = terminal([...run, 'alpine']);
    const uuid = await takes();
    await shell.shows(/waiting until the container ends \d\.\d s/);
    await completed(uuid);
    expect(await shell.finished).toBe(0);
    // oxlint-disable-next-line no-control-regex -- what a terminal is sent
    const lines = shell.shown.split('\r\n').map((line) => line.replace(/^.*\r\u001b\[K/, ''));
    expect(lines).toEqual(expect.arrayContaining([`job ${uuid}`, 'hello', 'careful']));
    expect(lines.at(-1)).toBe('');
  });

  it('Ctrl-C asks once whether to cancel: "y" does, and the exit code is 130', async () => {
    const shell = terminal([...run, 'alpine']);
    const uuid = await takes();
    await shell.shows(/waiting until the container ends/);
    shell.type('\u0003');
    await shell.shows(/Cancel the job\? \[y\/N\] /);
    shell.type('y\r');
    expect(await validator.next()).toMatchObject({ message_type: 'V0CancelJobRequest', job_uuid: uuid });
    // Else the next spec's validator would be told again.
    await failed(uuid, 137);
    expect(await shell.finished).toBe(130);
    expect(shell.shown).toContain('It is being cancelled.');
  });

  it('a second Ctrl-C leaves the job as it is, and says how to find it', async () => {
    const shell = terminal([...run, 'alpine']);
    const uuid = await takes();
    await shell.shows(/waiting until the container ends/);
    shell.type('\u0003');
    await shell.shows(/Cancel the job\?/);
    shell.type('\u0003');
    expect(await shell.finished).toBe(130);
    expect(shell.shown).toContain(`horde jobs logs --follow ${uuid.slice(0, 8)}`);
    expect(validator.waiting).toBe(0);
    await completed(uuid);
  });

  it('a secret is typed unseen', async () => {
    const phrase = 'logic ride supreme rack fly eye mouse mass borrow double avocado arena';
    const shell = terminal(['keys', 'import', '--wallet', 'typed']);
    await shell.shows(/Phrase, seed or private key: /);
    shell.type(`${phrase}\r`);
    expect(await shell.finished).toBe(0);
    expect(shell.shown).toContain('5Do1Pch2Sz8yintE244gvtPMuXP9CAqK35nZgZDsWwe69vpP');
    expect(shell.shown).not.toContain('logic');
    expect((await command(['keys', 'list'])).stdout).toMatch(/^typed +default +5Do1Pch2/m);
  });
});

describe('a probe', () => {
  it('counts how the network is, and what the network fails as unhealthy', async () => {
    const pauses = ['--healthy', '1', '--busy', '1'];
    const probing = started(['probe', '--class', 'always_on.test', ...pauses, '--metrics-port', '0']);
    const [port] = /\d+/.exec(await probing.line(/^metrics on port/))!;
    await completed(await takes());
    await probing.line(/ {2}healthy {2}/);
    const rejected = { reason: 'busy', message: 'All are busy.', rejected_by: 'validator' };
    await validator.update((await validator.nextJob()).uuid, 'rejected', { job_rejection_details: rejected });
    await probing.line(/ {2}busy {2}.*All are busy\.$/);
    const details = { reason: 'generic_error', message: 'It broke.', reported_by: 'miner' };
    await validator.update((await validator.nextJob()).uuid, 'horde_failed', {
      horde_failure_details: details,
    });
    await probing.line(/ {2}unhealthy {2}.*It broke\.$/);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const level of [0, 1, 2]) expect(metrics).toContain(`health_severity_total{level="${level}"} 1`);
    expect(metrics).toMatch(/^health_severity_probe_launch_timestamp 1\d{9}/m);
    probing.child.kill('SIGINT');
    expect((await probing.finished).code).toBe(130);
  });

  it('that cannot even create its job is unhealthy', async () => {
    await validator.leave();
    const probed = await command([
      'probe',
      '--once',
      '--class',
      'always_on.test',
      '--validator',
      Keypair.generate().address,
    ]);
    expect(probed.code).toBe(1);
    expect(probed.stdout).toMatch(/ {2}unhealthy {2}The target validator cannot take the job/);
  });
});

describe('a login', () => {
  it('makes a profile that names all that later commands need', async () => {
    expect((await command(['login', '--validator', key.address])).code).toBe(0);
    const validators = await command(['validators', 'list']);
    expect(validators.stdout).toMatch(new RegExp(`^\\* +${key.address} +yes`, 'm'));
    await writeFile(path.join(folder, 'wallets/default/hotkeys/stranger'), Keypair.generate().address);
    const refused = await command(['login', '--hotkey', 'stranger']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('stranger');
    expect((await command(['keys', 'list'])).stdout).toMatch(
      /^default +stranger +\? +is not a Bittensor key/m,
    );
    expect((await command(['profiles', 'set', 'main', 'class', 'fast'])).stderr).toMatch(
      /^There is no executor class/,
    );
  });
});
