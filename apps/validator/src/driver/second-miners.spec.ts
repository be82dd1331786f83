import { AcceptJob, DeclineJob, make, SingleFileVolume } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { DurableMiner } from '@horde/testing/validator-miner/durable-miner';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import type { MinerScript, ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { Subnet } from '../testing/subnet.ts';

const subnet = new Subnet(3);
const everyStatus = [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

const declines =
  (message = 'Not today.'): NonNullable<MinerScript['onInitial']> =>
  ({ job_uuid }, connection) =>
    send(connection, make(DeclineJob, { job_uuid, reason: 'validator_blacklisted', message }));

/** Miners in the order in which they were asked. */
const asked: ScriptedMiner[] = [];

/** Whoever is asked first does this; all others run the job. */
const firstOne = (onInitial: NonNullable<MinerScript['onInitial']>) => {
  asked.length = 0;
  for (const miner of subnet.miners)
    miner.script = {
      onInitial: (request, connection) =>
        (asked.push(miner) === 1 ? onInitial : wholeJob.onInitial)(request, connection),
      onJob: wholeJob.onJob,
    };
};

describe('a miner declines: the next one is asked', () => {
  it('under a fresh uuid in all its messages and receipts, while facilitator and user know the job’s alone', async () => {
    firstOne(declines());
    await subnet.start();
    const uuid = await subnet.send();
    await subnet.facilitator.update(uuid, 'completed');
    expect(subnet.facilitator.statuses(uuid)).toEqual(everyStatus);
    expect(new Set(subnet.facilitator.updates.items.map((update) => update.uuid))).toEqual(new Set([uuid]));

    const [first, second] = asked as [ScriptedMiner, ScriptedMiner];
    expect(asked).toHaveLength(2);
    expect((await first.finishedReceipt(uuid)).payload.score_str).toBe('0.000000');
    const [initial] = second.all('V0InitialJobRequest');
    const name = initial!.job_uuid;
    expect(name).not.toBe(uuid);
    expect(initial!.job_started_receipt_payload).toMatchObject({
      job_uuid: name,
      miner_hotkey: second.keypair.address,
    });
    expect((await second.finishedReceipt(name)).payload).toMatchObject({ score_str: '20.000000' });
    expect(second.all('V0JobAcceptedReceiptRequest').map(({ payload }) => payload.job_uuid)).toEqual([name]);
    expect(second.all('V0JobRequest').map(({ job_uuid }) => job_uuid)).toEqual([name]);
    expect(subnet.miners.flatMap(({ badSignatures }) => badSignatures)).toEqual([]);
    expect(
      await subnet.place.query(
        'select number, uuid, miner_hotkey, outcome, reason from attempt where job_uuid = $1 order by number',
        [uuid],
      ),
    ).toEqual([
      {
        number: 1,
        uuid,
        miner_hotkey: first.keypair.address,
        outcome: 'declined',
        reason: 'validator_blacklisted',
      },
      { number: 2, uuid: name, miner_hotkey: second.keypair.address, outcome: 'completed', reason: null },
    ]);
  });

  it('and the one that declined never sees where the job’s files are', async () => {
    firstOne(declines());
    await subnet.start();
    const url = 'https://files.example/a?token=secret';
    const volume = make(SingleFileVolume, { url, relative_path: 'a' });
    await subnet.facilitator.update(await subnet.send({ volume }), 'completed');
    const [first, second] = asked;
    expect(JSON.stringify(first!.received.items)).not.toContain('secret');
    expect(second!.all('V0InitialJobRequest')[0]!.volume).toBeNull();
    expect(second!.all('V0JobRequest')[0]!.volume).toMatchObject({ url });
  });

  it('each once, up to JOB_MAX_MINERS; then the user hears what each has said', async () => {
    for (const miner of subnet.miners) miner.script = { onInitial: declines(`Not me.`) };
    await subnet.start({ JOB_MAX_MINERS: '2' });
    const uuid = await subnet.send();
    const { metadata } = await subnet.facilitator.update(uuid, 'rejected');
    const { message, context, ...rest } = metadata!.job_rejection_details!;
    expect(rest).toEqual({ rejected_by: 'validator', reason: 'no_miner_for_job' });
    expect(message).toContain('None of the 2 miners that were asked took the job. The last one: Not me.');
    const candidates = context!.get('candidates') as Map<string, string>[];
    expect(context!.get('asked')).toBe(2);
    expect(candidates.map((one) => one.get('why'))).toEqual(['Not me.', 'Not me.']);
    expect(new Set(candidates.map((one) => one.get('hotkey'))).size).toBe(2);
    expect(subnet.miners.flatMap((miner) => miner.all('V0InitialJobRequest'))).toHaveLength(2);
  });

  it.each([
    ['one miner is all that may be asked', { JOB_MAX_MINERS: '1' }],
    ['jobs do not wait, as in ComputeHorde', { JOB_WAIT_LIMIT: '0' }],
  ])('but not where %s: its reason is the job’s', async (_where, settings) => {
    firstOne(declines());
    await subnet.start(settings);
    const uuid = await subnet.send();
    const { metadata } = await subnet.facilitator.update(uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({
      rejected_by: 'miner',
      reason: 'validator_blacklisted',
    });
    expect(asked).toHaveLength(1);
  });
});

describe('a miner that does not get as far as answering: the next one is asked', () => {
  const outcomes = async (uuid: string) =>
    (
      await subnet.place.query<{ outcome: string }>(
        'select outcome from attempt where job_uuid = $1 order by number',
        [uuid],
      )
    ).map(({ outcome }) => outcome);

  it('when it does not let the validator in', async () => {
    await subnet.start();
    const [open] = subnet.miners;
    open!.script = wholeJob;
    for (const miner of subnet.miners.slice(1)) miner.refusal = 'You are not known here.';
    const uuid = await subnet.send();
    await subnet.facilitator.update(uuid, 'completed');
    const all = await outcomes(uuid);
    expect(all.at(-1)).toBe('completed');
    expect(all.slice(0, -1).every((one) => one === 'refused')).toBe(true);
  });

  it('when nobody listens at its address', async () => {
    await subnet.start();
    const [there, ...others] = subnet.miners;
    there!.script = wholeJob;
    await Promise.all(others.map((miner) => miner.stop()));
    const uuid = await subnet.send();
    await subnet.facilitator.update(uuid, 'completed');
    const all = await outcomes(uuid);
    expect(all.slice(0, -1).every((one) => one === 'unreachable')).toBe(true);
  });

  it('when it hangs up twice', async () => {
    const [there, ...others] = subnet.miners;
    there!.script = wholeJob;
    for (const miner of others)
      miner.script = { onInitial: (_request, connection) => connection.close(1011) };
    await subnet.start();
    const uuid = await subnet.send();
    await subnet.facilitator.update(uuid, 'completed');
    for (const miner of others) expect([0, 2]).toContain(miner.all('V0InitialJobRequest').length);
  });
});

describe('a miner that accepts when another one has been asked already', () => {
  it('gets no job, only the receipt over nothing', async () => {
    firstOne(() => undefined);
    await subnet.start({ DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '1' });
    const uuid = await subnet.send();
    await subnet.facilitator.update(uuid, 'completed');
    const [late] = asked as [ScriptedMiner];
    await late.finishedReceipt(uuid);
    await send(late.connections.items.at(-1)!, make(AcceptJob, { job_uuid: uuid }));
    await late.connections.items.at(-1)!.closed;
    expect(late.all('V0JobRequest')).toEqual([]);
    expect(late.all('V0JobAcceptedReceiptRequest')).toEqual([]);
    expect(subnet.facilitator.statuses(uuid)).toEqual(everyStatus);
  });

  it('gets a cancel, too, where it speaks that', async () => {
    const durable = new DurableMiner();
    await durable.start();
    const [other] = subnet.miners;
    other!.script = wholeJob;
    const validator = await subnet.start({ DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '4' }, [durable]);
    const uuid = await subnet.send();
    await durable.taken.first((one) => one.message.message_type === 'V0InitialJobRequest');
    await subnet.join(validator, [durable, other!]);
    await subnet.facilitator.update(uuid, 'completed');
    const { message } = await durable.taken.first((one) => one.message.message_type === 'V0CancelJobRequest');
    expect(message).toMatchObject({ job_uuid: uuid, cancelled_by: 'the validator' });
    durable.send(uuid, make(AcceptJob, { job_uuid: uuid }));
    await durable.taken.first((one) => one.message.message_type === 'V0JobFinishedReceiptRequest');
    expect(durable.types.map(([, type]) => type)).not.toContain('V0JobRequest');
    await durable.stop();
  });
});
