import { describe, expect, it } from 'vitest';
import { randomness } from '@horde/testing/random';
import { check, invariantNames, type Invariant } from './suite/checker.ts';
import { drawFaults, faultKinds } from './suite/faults.ts';
import type { History, UserJob } from './suite/history.ts';

const job = (uuid: string, more: Partial<UserJob> = {}): UserJob => ({
  uuid,
  prints: 'line 1\nline 2\n',
  streamed: 'line 1\nline 2\n',
  breaks: 0,
  end: 'completed',
  reason: null,
  ran: true,
  stdout: 'line 1\nline 2\n',
  ...more,
});

/** A job that completed at its second attempt, one that failed on its way, and one that nobody took. */
const good = (): History => ({
  jobs: [
    job('one'),
    job('two', { end: 'horde_failed', ran: false, streamed: 'line 1\n', stdout: null }),
    job('three', { end: 'rejected', ran: false, streamed: '', stdout: null }),
  ],
  ends: [
    { where: 'facilitator', job: 'one', status: 'completed' },
    { where: 'validator', job: 'one', status: 'completed' },
    { where: 'facilitator', job: 'two', status: 'horde_failed' },
    { where: 'validator', job: 'two', status: 'horde_failed' },
    { where: 'facilitator', job: 'three', status: 'rejected' },
  ],
  attempts: [
    { uuid: 'one', job: 'one' },
    { uuid: 'one-again', job: 'one' },
    { uuid: 'two', job: 'two' },
  ],
  executions: ['one-again', 'two'],
  receipts: (['miner', 'validator', 'pages'] as const).flatMap((where) => [
    { where, uuid: 'one-again', type: 'JobStartedReceipt', pays: false },
    { where, uuid: 'one-again', type: 'JobFinishedReceipt', pays: true },
  ]),
  held: { count: 7, found: [] },
  left: { count: 3, found: [] },
  secrets: { count: 9, found: [] },
  weights: { count: 1, found: [] },
  lies: { count: 20, found: [] },
  healings: [{ fault: 'kill: miner', progress: 2_000 }],
});

const violated = (history: History): Invariant[] => {
  const findings = check(history);
  return invariantNames.filter((name) => findings[name].violations.length > 0);
};

const faulty: [what: string, violated: Invariant[], change: (history: History) => void][] = [
  ['a job is not known any more', ['end', 'same'], ({ jobs }) => (jobs[0]!.end = null)],
  ['a job never ends', ['end', 'same'], ({ jobs }) => (jobs[1]!.end = 'accepted')],
  ['the validator has another end', ['same'], ({ ends }) => (ends[1]!.status = 'failed')],
  ['the validator knows nothing of a job that completed', ['same'], ({ ends }) => ends.splice(1, 1)],
  [
    'an end changes',
    ['same', 'final'],
    ({ ends }) => ends.push({ where: 'validator', job: 'two', status: 'completed' }),
  ],
  [
    'an end changes, and back',
    ['final'],
    ({ ends }) =>
      (['completed', 'horde_failed'] as const).forEach((status) =>
        ends.push({ where: 'facilitator', job: 'two', status }),
      ),
  ],
  ['a container is started twice', ['once'], ({ executions }) => executions.push('two')],
  ['two miners start a job', ['once'], ({ executions }) => executions.push('one')],
  ['a job is started that nobody asked for', ['once'], ({ executions }) => executions.push('four')],
  ['a slot is held', ['held'], ({ held }) => held.found.push('jobs that hold a slot: one')],
  ['a folder is left', ['left'], ({ left }) => left.found.push('folder job-one')],
  ['a receipt is shown twice', ['receipts'], ({ receipts }) => receipts.push(receipts.at(-1)!)],
  [
    'a receipt is of no job',
    ['receipts'],
    ({ receipts }) => receipts.push({ where: 'pages', uuid: 'four', type: 'JobStartedReceipt', pays: false }),
  ],
  [
    'two attempts of a job are paid',
    ['receipts'],
    ({ receipts }) => receipts.push({ where: 'miner', uuid: 'one', type: 'JobFinishedReceipt', pays: true }),
  ],
  ['a completed job is not paid', ['receipts'], ({ receipts }) => receipts.splice(1, 1)],
  ['a piece of the stream is missing', ['output'], ({ jobs }) => (jobs[0]!.streamed = 'line 1\n')],
  ['pieces come in another order', ['output'], ({ jobs }) => (jobs[1]!.streamed = 'line 2\n')],
  ['a piece comes twice', ['output'], ({ jobs }) => jobs[0]!.breaks++],
  ['the result is cut', ['output'], ({ jobs }) => (jobs[0]!.stdout = 'line 1\n')],
  ['a secret is logged', ['secrets'], ({ secrets }) => secrets.found.push('miner.log has a secret')],
  [
    'weights never reach the chain',
    ['weights'],
    ({ weights }) => weights.found.push('the weights for the cycle from block -15 are missed'),
  ],
  ['a lie is believed', ['lies'], ({ lies }) => lies.found.push('the liar has weight')],
  ['nothing goes on', ['progress'], ({ healings }) => (healings[0]!.progress = null)],
];

describe('the checker of the fault suite', () => {
  it('finds nothing where all holds, and says how much it looked at', () => {
    const findings = check(good());
    expect(violated(good())).toEqual([]);
    expect(Object.values(findings).every(({ count }) => count > 0)).toBe(true);
  });

  it.each(faulty)('finds that %s', (_what, names, change) => {
    const history = good();
    change(history);
    expect(violated(history)).toEqual(names);
  });

  it('is tried with a history for each invariant', () => {
    expect(new Set(faulty.flatMap(([, names]) => names))).toEqual(new Set(invariantNames));
  });
});

describe('faults drawn from a seed', () => {
  const drawn = (seed: number, count: number) => {
    const faults = drawFaults(randomness(seed));
    return Array.from({ length: count }, () => {
      const { kind, says, stage } = faults.next().value;
      return `${kind}: ${says} (${stage})`;
    });
  };

  it('are the same for the same seed, and others for another', () => {
    expect(drawn(7, 50)).toEqual(drawn(7, 50));
    expect(drawn(7, 50)).not.toEqual(drawn(8, 50));
  });

  it('are of each kind once in every round', () => {
    const kinds = drawn(7, 2 * faultKinds.length).map((text) => text.split(':', 1)[0]);
    expect(new Set(kinds.slice(0, faultKinds.length))).toEqual(new Set(faultKinds));
    expect(new Set(kinds.slice(faultKinds.length))).toEqual(new Set(faultKinds));
  });
});
