import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { runCommand } from '@horde/commands';
import { createLogger } from '@horde/operations';
import {
  AcceptJob,
  DeclineJob,
  DescribeJobRequest,
  DryRunRequest,
  make,
  type DryRunResponse,
  type JobDescription,
} from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { validatorProgram } from '../commands/program.ts';
import { ValidatorContext } from '../commands/validator-context.ts';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { MinerDirectory } from './miner-directory.ts';

let place: ValidatorPlace;
let pylon: ScriptedPylon;
let facilitator: ScriptedFacilitator;
let miners: ScriptedMiner[];
let validator: INestApplication;

beforeEach(async () => {
  place = await ValidatorPlace.make();
  facilitator = new ScriptedFacilitator(place.keypair.address);
  facilitator.extensions = ['ask-1'];
  pylon = new ScriptedPylon();
  miners = [0, 1].map(() => new ScriptedMiner(Keypair.generate()));
  await Promise.all([facilitator, pylon, ...miners].map((peer) => peer.start()));
});

afterEach(async () => {
  await validator.close();
  await Promise.all([facilitator, pylon, ...miners].map((peer) => peer.stop()));
  await place.remove();
});

const start = async (more: Record<string, string> = {}) => {
  validator = await place.start({ FACILITATOR_URI: facilitator.uri, PYLON_ADDRESS: pylon.address, ...more });
};

const onChain = (...some: ScriptedMiner[]) => {
  pylon.neurons = [
    { hotkey: place.keypair.address, port: null },
    ...some.map(({ keypair, port }) => ({ hotkey: keypair.address, port })),
  ];
};

const sendJob = async (fields: Parameters<typeof newJob>[2] = {}) => {
  const uuid = randomUUID();
  await facilitator.send(newJob(uuid, place.keypair, fields));
  return uuid;
};

/** Asks the validator, and returns its answer. */
const ask = async (question: DryRunRequest | DescribeJobRequest) => {
  question.question_uuid = randomUUID();
  await facilitator.send(question);
  return facilitator.answers.first(({ question_uuid }) => question_uuid === question.question_uuid);
};
const dryRunOf = (fields: Partial<DryRunRequest>) =>
  make(DryRunRequest, {
    signatory: place.keypair.address,
    executor_class: 'always_on.test',
    download_time_limit: 5,
    execution_time_limit: 10,
    upload_time_limit: 5,
    streaming_start_time_limit: 0,
    ...fields,
  });
const dryRun = async (fields: Partial<DryRunRequest> = {}) => (await ask(dryRunOf(fields))) as DryRunResponse;
const describeJob = async (job_uuid: string) =>
  (await ask(make(DescribeJobRequest, { job_uuid }))) as JobDescription;

const rejection = async (uuid: string) =>
  (await facilitator.update(uuid, 'rejected')).metadata!.job_rejection_details!;

describe('jobs are spread', () => {
  it('over the miners that offer the class, and never beyond what they offer', async () => {
    for (const miner of miners)
      miner.script = {
        onInitial: ({ job_uuid }, connection) => send(connection, make(AcceptJob, { job_uuid })),
      };
    onChain(...miners);
    await start();
    const uuids = await Promise.all([sendJob(), sendJob(), sendJob()]);
    const ends = await Promise.all(
      uuids.map((uuid) =>
        facilitator.updates.first(
          (update) => update.uuid === uuid && ['accepted', 'rejected'].includes(update.status),
        ),
      ),
    );
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['accepted', 'accepted', 'rejected']);
    expect(miners.map((miner) => miner.all('V0InitialJobRequest').length)).toEqual([1, 1]);
    const { message, ...rest } = await rejection(ends.find(({ status }) => status === 'rejected')!.uuid);
    expect(rest).toMatchObject({ rejected_by: 'validator', reason: 'no_miner_for_job' });
    expect(message).toMatch(/^All executors of class always_on.test are busy: 2 of 2 miners\./);

    const uuid = ends.find(({ status }) => status === 'accepted')!.uuid;
    const { attempts, choices, ...description } = await describeJob(uuid);
    expect(description).toMatchObject({
      waits_for: expect.stringMatching(/ has to report its executor ready\.$/),
    });
    expect(attempts).toMatchObject([{ number: 1, ended_at: null, outcome: null }]);
    const chosen = { miner_hotkey: attempts[0]!.miner_hotkey, reason: null };
    // Before, it may have waited for miners to tell what they offer.
    expect(choices.at(-1)!.candidates).toContainEqual(expect.objectContaining(chosen));
    // Nothing is told of who keeps them busy, and a time that is no job's own.
    const busy = await dryRun();
    expect(busy).toMatchObject({
      could_run: false,
      reason: 'ALL_MINERS_BUSY',
      seconds: 20,
      candidates: miners.map(() => ({ reason: 'busy' })),
      counts: [{ reason: 'busy', count: 2 }],
    });
    expect(busy.expected_wait_seconds! % 10).toBe(0);
    const other = await dryRun({ executor_class: 'always_on.llm.a6000' });
    expect(other).toMatchObject({ could_run: false, reason: 'NO_MINER_OFFERS_CLASS', candidates: [] });
  });

  it('and a dry run says so beforehand, without reserving or keeping anything', async () => {
    onChain(...miners);
    await start({ ALLOWANCE_REQUIRED: 'false' });
    await expect.poll(async () => (await dryRun()).counts).toEqual([{ reason: 'free', count: 2 }]);
    expect(await dryRun()).toMatchObject({ could_run: true, reason: null, expected_wait_seconds: 0 });
    expect(await dryRun({ signatory: miners[0]!.keypair.address })).toMatchObject({
      could_run: false,
      reason: 'BAD_JOB_SIGNATURE',
      candidates: [],
    });
    expect(await dryRun({ on_trusted_miner: true })).toMatchObject({
      could_run: false,
      reason: 'NO_TRUSTED_MINER',
    });
    for (const table of ['job', 'attempt', 'booking', 'routing_decision', 'outbox'])
      expect(await place.query(`select * from ${table}`)).toEqual([]);
    expect(miners.flatMap((miner) => miner.all('V0InitialJobRequest'))).toEqual([]);
  });

  it('while questions beyond what may be asked are refused, and those about jobs of others', async () => {
    onChain(...miners);
    await start();
    await place.query(`insert into job (uuid, request, executor_class, facilitator, status, received_at)
      values ('11111111-1111-4111-8111-111111111111', '', 'always_on.test', 'ws://another', 'received', now())`);
    for (const uuid of ['11111111-1111-4111-8111-111111111111', randomUUID(), 'none'])
      expect(await ask(make(DescribeJobRequest, { job_uuid: uuid }))).toMatchObject({
        message_type: 'V0QuestionRefused',
        sentence: expect.stringContaining('no such job'),
      });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(dryRunOf({}))));
    const types = answers.map(({ message_type }) => message_type);
    expect(types.filter((type) => type === 'V0DryRunResponse').length).toBeLessThan(60);
    expect(new Set(types)).toEqual(new Set(['V0DryRunResponse', 'V0QuestionRefused']));
  });

  it('away from a miner that has let jobs down', async () => {
    for (const miner of miners) miner.script = wholeJob;
    onChain(...miners);
    await start();
    await place.query(
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind)
       select $1, gen_random_uuid(), 'always_on.test', 'timed_out' from generate_series(1, 200)`,
      [miners[0]!.keypair.address],
    );
    const hotkeys = miners.map(({ keypair }) => keypair.address);
    const known = () => place.query('select from miner_manifest where hotkey = any ($1)', [hotkeys]);
    await expect.poll(known).toHaveLength(hotkeys.length);
    for (let i = 0; i < 6; i++) await facilitator.update(await sendJob(), 'completed');
    expect(miners.map((miner) => miner.all('V0InitialJobRequest').length)).toEqual([0, 6]);
  });
});

describe('what a miner offers', () => {
  it('counts from the moment in which the connection of a job tells it', async () => {
    miners[0]!.script = wholeJob;
    onChain(miners[0]!);
    await start();
    await facilitator.update(await sendJob(), 'completed');
    miners[0]!.manifest = [
      ['always_on.test', 3],
      ['always_on.llm.a6000', 1],
    ];
    await facilitator.update(await sendJob(), 'completed');
    miners[0]!.script = {
      onInitial: ({ job_uuid }, connection) => send(connection, make(AcceptJob, { job_uuid })),
    };
    const uuids = await Promise.all([sendJob(), sendJob(), sendJob()]);
    for (const uuid of uuids) await facilitator.update(uuid, 'accepted');
    await facilitator.update(await sendJob({ executor_class: 'always_on.llm.a6000' }), 'accepted');
  });
});

describe('a decision', () => {
  it('is explained by the validator’s command: each candidate with its numbers, and what came of it', async () => {
    miners[0]!.script = wholeJob;
    miners[1]!.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'Full.' })),
    };
    onChain(...miners);
    await start({ JOB_WAIT_LIMIT: '30' });
    await expect.poll(() => place.query('select 1 from miner_answer')).toHaveLength(2);
    const [good, bad] = miners.map(({ keypair }) => keypair.address);
    // Almost surely the one that declines comes first.
    await place.query(
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind)
       select $1, gen_random_uuid(), 'always_on.test', 'declined' from generate_series(1, 200)`,
      [good],
    );
    const uuid = await sendJob();
    await facilitator.update(uuid, 'completed');
    const printed: string[] = [];
    const context = new ValidatorContext(
      place.environment({}),
      (text) => printed.push(text),
      createLogger('validator'),
      new AbortController().signal,
    );
    const [{ uuid: attempt }] = (await place.query(
      'select uuid from attempt where job_uuid = $1 and number = 2',
      [uuid],
    )) as [{ uuid: string }];
    const type = (job: string) => runCommand(validatorProgram, ['explain', job], context, () => undefined);
    expect(await type(uuid)).toBe(0);
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
    const head = '  miner {45}reliability   chance  offered  busy  allowance';
    const lines = [
      `Job ${uuid}, class always_on.test: completed.`,
      'It has completed: the result is there\\.',
      '',
      `${time}  The miner ${bad} was chosen.`,
      head,
      `  ${bad} {9}0.00  100.0 % {8}1     0 {8}0 s  chosen`,
      `  ${good} {6}-200.00    0.0 % {8}1     0 {8}0 s  not tried`,
      `  ${time}  Attempt 1 ended: declined. Full.`,
      '',
      `${time}  The miner ${good} was chosen.`,
      head,
      `  ${good} {6}-200.00  100.0 % {8}1     0 {8}0 s  chosen`,
      `  ${bad} {8}-1.00    0.0 % {8}1     0 {8}0 s  asked`,
      `  The miner knows the job as ${attempt}.`,
      `  ${time}  Attempt 2 ended: completed.`,
    ];
    expect(printed.join('\n')).toMatch(new RegExp(`^${lines.join('\\n')}$`));
    expect(await type(attempt)).toBe(0);
    expect(printed[1]).toBe(printed[0]);
    expect(await type(randomUUID())).toBe(2);
    expect(await type('7')).toBe(2);
  });
});

describe('no miner fits', () => {
  it('when none offers the class: the user learns how many were asked', async () => {
    onChain(...miners);
    await start();
    const { reason, message } = await rejection(await sendJob({ executor_class: 'always_on.llm.a6000' }));
    expect(reason).toBe('no_miner_for_job');
    expect(message).toMatch(/^None of the 2 known miners offers an executor of class always_on.llm.a6000\. /);
  });

  it('until one appears on the chain: the job finds it', async () => {
    onChain();
    miners[0]!.script = wholeJob;
    await start();
    await rejection(await sendJob());
    onChain(miners[0]!);
    await expect
      .poll(
        async () => {
          const uuid = await sendJob();
          const { status } = await facilitator.updates.first(
            (update) => update.uuid === uuid && ['completed', 'rejected'].includes(update.status),
          );
          return status;
        },
        { timeout: 8_000, interval: 300 },
      )
      .toBe('completed');
  });

  it('when the one that did is gone from the chain', async () => {
    miners[0]!.script = wholeJob;
    onChain(miners[0]!);
    await start();
    await facilitator.update(await sendJob(), 'completed');
    onChain();
    await expect
      .poll(
        async () => {
          await validator.get(MinerDirectory).refreshNeurons();
          return place.query('select hotkey from miner where ip is not null');
        },
        { timeout: 8_000 },
      )
      .toEqual([]);
    expect((await rejection(await sendJob())).message).toContain('None of the 0 known miners');
  });

  it('when the only one has taken back what it offered', async () => {
    miners[0]!.script = wholeJob;
    onChain(miners[0]!);
    await start();
    await facilitator.update(await sendJob(), 'completed');
    miners[0]!.manifest = [];
    // A look that had begun before is joined, and tells what was offered then.
    await expect
      .poll(async () => {
        await validator.get(MinerDirectory).refreshManifests();
        return place.query('select * from miner_manifest');
      })
      .toEqual([]);
    expect(await place.query('select misses from miner_answer')).toEqual([{ misses: 0 }]);
    expect((await rejection(await sendJob())).message).toContain('None of the 1 known miners');
  });

  it('when the only one cannot be asked what it offers', async () => {
    pylon.neurons = [{ hotkey: miners[0]!.keypair.address, port: 1 }];
    await start();
    expect((await rejection(await sendJob())).message).toContain('None of the 1 known miners');
  });

  it('when the job asks for a trusted miner', async () => {
    onChain(...miners);
    await start();
    expect((await rejection(await sendJob({ on_trusted_miner: true }))).message).toContain('trusted miner');
  });

  it('when the debug miner is not known', async () => {
    onChain();
    const hotkey = miners[0]!.keypair.address;
    await start({ DEBUG_MINER_KEY: hotkey });
    expect((await rejection(await sendJob())).message).toContain(
      `the miner ${hotkey}, whose address it does not know`,
    );
  });
});
