import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeStreamingUser, runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { DeclineJob, ExecutionDone, make, StreamingJobReady, VolumesReady } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ScriptedMiner, type MinerScript } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { validatorProgram } from './program.ts';
import { splitWords } from './split-words.ts';
import { ValidatorContext } from './validator-context.ts';

let place: ValidatorPlace;
let miner: ScriptedMiner;
let printed: string[];
let errors: string[];
let stopping: AbortController;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  place = await ValidatorPlace.make();
  miner = new ScriptedMiner(Keypair.generate());
  miner.script = wholeJob;
  await miner.start();
  [printed, errors, stopping] = [[], [], new AbortController()];
  closing.push(
    () => place.remove(),
    () => miner.stop(),
  );
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const type = (words: string[], more: Record<string, string> = {}) =>
  typeCommand(['debug_run_organic_job', '--docker_image', 'an/image:1', ...words], more);

function typeCommand(all: string[], more: Record<string, string> = {}): Promise<number> {
  const logger = createLogger('validator');
  logger.level = 'silent';
  const print = (text: string) => void printed.push(text);
  const context = new ValidatorContext(place.environment(more), print, logger, stopping.signal);
  return runCommand(validatorProgram, all, context, (text) => errors.push(text));
}
const toMiner = () =>
  `--miner_hotkey ${miner.keypair.address} --miner_address 127.0.0.1 --miner_port ${miner.port}`.split(' ');
const named = () => [...toMiner(), '--executor_class', 'always_on.test'];

describe('debug_run_organic_job', () => {
  it('runs a job at the miner that is named, shows how it goes and what it prints, and ends with 0', async () => {
    expect(await type([...named(), '--cmd_args', `echo "two words" it\\'s`]), errors.join()).toBe(0);
    expect(printed.slice(1).join('\n').split('\n')).toEqual(
      'received accepted executor_ready volumes_ready execution_done completed stdout: hi stderr:'
        .split(' ')
        .concat('a NUL: \u{fffd}'),
    );
    const [request] = miner.all('V0JobRequest');
    expect(request!.docker_run_cmd).toEqual(['echo', 'two words', "it's"]);
    expect(miner.badSignatures).toEqual([]);
    await miner.finishedReceipt(request!.job_uuid);
    expect(await place.query('select from outbox')).toEqual([]);
  });

  it('ends with 1 and the reason when the miner does not take it, and asks nobody else', async () => {
    miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'No room.' })),
    };
    expect(await type(named())).toBe(1);
    expect(errors).toEqual(['The job is rejected (busy): No room.']);
    expect(miner.all('V0InitialJobRequest')).toHaveLength(1);
  });

  it('ends the job when it is interrupted', async () => {
    miner.script = { onInitial: () => stopping.abort() };
    expect(await type(named())).toBe(130);
    expect(printed.at(-1)).toBe('failed');
    expect(await place.query('select status, driver from job')).toEqual([{ status: 'failed', driver: null }]);
  });

  it('beside a validator that runs takes the first miner that offers the class and is not blacklisted, and no facilitator hears of it, not even when the validator takes the job over', async () => {
    const other = new ScriptedMiner(Keypair.generate());
    const pylon = new ScriptedPylon();
    const facilitator = new ScriptedFacilitator(place.keypair.address);
    await Promise.all([other.start(), pylon.start(), facilitator.start()]);
    pylon.neurons = [other, miner].map(({ keypair, port }) => ({ hotkey: keypair.address, port }));
    const settings = { PYLON_ADDRESS: pylon.address, FACILITATOR_URI: facilitator.uri };
    const validator = await place.start(settings);
    closing.push(
      () => Promise.all([other.stop(), pylon.stop(), facilitator.stop()]),
      () => validator.close(),
    );
    await facilitator.logins.first(() => true);
    await place.query(`insert into blacklisted_miner (hotkey, reason, details) values ($1, 'MANUAL', '')`, [
      other.keypair.address,
    ]);
    expect(await type(['--executor_class', 'always_on.test'], settings), errors.join()).toBe(0);
    expect(printed[0]).toContain(`is given to the miner ${miner.keypair.address} at 127.0.0.1`);
    expect(await place.query('select count(*)::int, max(status) as status from job')).toEqual([
      { count: 1, status: 'completed' },
    ]);
    expect(facilitator.updates.items).toEqual([]);
    // As when the process that drives it is killed: the validator that runs takes the job over.
    miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        const { job_uuid } = request;
        if (miner.all('V0JobRequest').length > 2) return wholeJob.onJob(request, connection);
        await place.query('update job set driver = null, lease_until = null');
        return send(connection, make(VolumesReady, { job_uuid }));
      },
    };
    expect(await type(['--executor_class', 'always_on.test'], settings)).toBe(1);
    expect(errors).toEqual(['Another process of the validator has taken the job over.']);
    await expect
      .poll(() => place.query('select status from job order by received_at'))
      .toEqual([{ status: 'completed' }, { status: 'completed' }]);
    await expect.poll(() => place.query('select from outbox')).toEqual([]);
    expect(facilitator.updates.items).toEqual([]);
  });

  it.each([
    [['--miner_port', '1'], 'An address is both'],
    [['--executor_class', 'fast'], '"fast" is not one of spin_up'],
    [['--execution_time_limit', 'long'], '"long" is not a number of seconds.'],
    [['--cmd_args', 'echo "a'], 'A quote in echo "a has no end.'],
  ])('refuses %j', async (words, sentence) => {
    expect(await type(words)).toBe(2);
    expect(errors.join()).toContain(sentence);
  });
});

describe('debug_run_mock_streaming_job_to_miner', () => {
  /** The job as its executor lets its user in: with this user's certificate alone. */
  async function streamingJob(job_uuid: string, user: string, answer: string, terminated: () => void) {
    const { cert, key } = await makeStreamingUser();
    const server = createServer({ cert, key, ca: user, requestCert: true }, (request, response) => {
      response.end(answer);
      if (request.url === '/terminate') terminated();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    return make(StreamingJobReady, {
      job_uuid,
      public_key: cert,
      ip: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
    });
  }
  /** @param answer what the job says to its user */
  const streaming = (answer: string): Required<MinerScript> => ({
    onInitial: wholeJob.onInitial,
    onJob: async ({ job_uuid }, connection) => {
      await send(connection, make(VolumesReady, { job_uuid }));
      const user = miner.initial(job_uuid)[0]!.streaming_details!.public_key;
      const ended = () => void send(connection, make(ExecutionDone, { job_uuid }), finished(job_uuid));
      await send(connection, await streamingJob(job_uuid, user, answer, ended));
    },
  });

  it('runs the job of ComputeHorde’s test, has it work and end as its user, and ends with 0', async () => {
    miner.script = streaming('OK');
    expect(await typeCommand(['debug_run_mock_streaming_job_to_miner', ...toMiner()]), errors.join()).toBe(0);
    expect(printed).toEqual(
      expect.arrayContaining([
        'streaming_ready',
        expect.stringMatching(/^\/execute-job at 127.0.0.1 port \d+ answers 200 OK$/),
        expect.stringMatching(/^\/terminate at .* 200 OK$/),
        'completed',
      ]),
    );
    expect(miner.all('V0JobRequest')[0]!.docker_run_cmd).toEqual(['python', './mock_streaming_job.py']);
  });

  it('ends the job, and with 1, when that answers something else', async () => {
    miner.script = streaming('NO');
    expect(await typeCommand(['debug_run_mock_streaming_job_to_miner', ...toMiner()])).toBe(1);
    expect(errors).toEqual(['The streaming job could not be used: /execute-job has to answer 200 OK.']);
    expect(printed.at(-1)).toBe('failed');
  });
});

it('debug_connect_facilitator gives the jobs of a facilitator to the miner that is named, until it is interrupted, and says whether it is connected', async () => {
  const facilitator = new ScriptedFacilitator(place.keypair.address);
  await facilitator.start();
  closing.push(() => facilitator.stop());
  const start = () =>
    typeCommand(['debug_connect_facilitator', ...toMiner()], { FACILITATOR_URI: facilitator.uri });
  const typed = start();
  const job = newJob(randomUUID(), place.keypair);
  await facilitator.send(job);
  await facilitator.update(job.uuid, 'completed');
  expect(miner.initial(job.uuid)).toHaveLength(1);
  const goes = expect.stringContaining(`go to the miner ${miner.keypair.address} at 127.0.0.1`);
  await expect.poll(() => printed).toEqual([goes, 'facilitator link: ok']);
  const second = start();
  const waits = 'Another process of this validator serves it; this one waits to take over.';
  await expect.poll(() => printed.slice(2)).toEqual([goes, `facilitator link: ${waits}`]);
  stopping.abort();
  expect(await Promise.all([typed, second])).toEqual([130, 130]);
});

it.each([
  ['', []],
  [' a  b ', ['a', 'b']],
  [`'a b'c "" d"e"`, ['a bc', '', 'de']],
  [`"a \\"b\\" \\n" '\\' \\ x`, ['a "b" \\n', '\\', ' x']],
])('the words of %j are %j', (line, words) => expect(splitWords(line)).toEqual(words));
