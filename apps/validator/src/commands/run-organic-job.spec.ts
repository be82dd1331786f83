import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { DeclineJob, make, VolumesReady } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
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

function type(words: string[], more: Record<string, string> = {}): Promise<number> {
  const logger = createLogger('validator');
  logger.level = 'silent';
  const print = (text: string) => void printed.push(text);
  const context = new ValidatorContext(place.environment(more), print, logger, stopping.signal);
  const all = ['debug_run_organic_job', '--docker_image', 'an/image:1', ...words];
  return runCommand(validatorProgram, all, context, (text) => errors.push(text));
}
const named = () =>
  `--miner_hotkey ${miner.keypair.address} --miner_address 127.0.0.1 --miner_port ${miner.port} --executor_class always_on.test`.split(
    ' ',
  );

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

it.each([
  ['', []],
  [' a  b ', ['a', 'b']],
  [`'a b'c "" d"e"`, ['a bc', '', 'de']],
  [`"a \\"b\\" \\n" '\\' \\ x`, ['a "b" \\n', '\\', ' x']],
])('the words of %j are %j', (line, words) => expect(splitWords(line)).toEqual(words));
