import { DeclineJob, HordeFailed, JobFailed, JobFailureReason, make } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { finished } from '@horde/testing/validator-miner/miner-script';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import { givenUp, reportOf, type MinerMessage, type Report } from '../jobs/outcome.ts';
import { incidentOf } from './incident-of.ts';

const job_uuid = '5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11';
const room = async () => true;
const ofReport = (report: Report, hadRoom = room) =>
  incidentOf(attemptEndOf(report).outcome, report, hadRoom);
const ofMessage = (message: MinerMessage, hadRoom = room) => ofReport(reportOf(message)!, hadRoom);
const hordeFailed = (fields: object) => make(HordeFailed, { job_uuid, message: 'No.', ...fields } as never);

describe('the fault that a user’s own non-zero exit counted against the miner, and a time-out did not', () => {
  it.each([...JobFailureReason])('a job that ends by itself (%s) is no incident', async (reason) => {
    expect(await ofMessage(make(JobFailed, { job_uuid, message: 'x', reason }))).toBeNull();
  });

  it('a finished job is no incident', async () => {
    expect(await ofMessage(finished(job_uuid))).toBeNull();
  });

  it.each([
    'executor_readiness_response_timed_out',
    'volumes_timed_out',
    'streaming_job_ready_timed_out',
    'execution_timed_out',
    'final_response_timed_out',
  ] as const)('%s is one', async (reason) => {
    expect(await ofReport(givenUp(reason, 'x'))).toBe('timed_out');
  });

  it('a miner that cannot be reached, or does not answer, has one; what failed in the validator is none', async () => {
    expect(await ofReport(givenUp('miner_connection_failed', 'x'))).toBe('unreachable');
    expect(await ofReport(givenUp('initial_response_timed_out', 'x'))).toBe('no_answer');
    expect(await ofReport(givenUp('streaming_failed', 'x'))).toBe('horde_failed');
    expect(await ofReport(givenUp('unhandled_exception', 'x'))).toBeNull();
  });
});

describe('a failure that the miner reports', () => {
  it.each(['executor_spinup_failed', 'executor_disconnected', 'security_check_failed', 'streaming_failed'])(
    '%s is an incident',
    async (reason) => {
      expect(await ofMessage(hordeFailed({ reported_by: 'executor', reason }))).toBe('horde_failed');
    },
  );

  it.each([
    ['a missing image', 'generic_error', 'executor_startup'],
    ['a missing volume', 'unhandled_exception', 'volume_download'],
    ['a missing command', 'unhandled_exception', 'execution'],
  ])('is none where %s is reported in this way', async (_what, reason, stage) => {
    const context = new Map([['stage', stage]]);
    expect(await ofMessage(hordeFailed({ reported_by: 'executor', reason, context }))).toBeNull();
  });

  it('is one although it says that the validator did it', async () => {
    expect(await ofMessage(hordeFailed({ reported_by: 'validator', reason: 'unhandled_exception' }))).toBe(
      'horde_failed',
    );
  });
});

describe('a decline', () => {
  it('as busy is an incident only where our receipts show room', async () => {
    const busy = make(DeclineJob, { job_uuid, reason: 'busy' });
    expect(await ofMessage(busy)).toBe('declined');
    expect(await ofMessage(busy, async () => false)).toBeNull();
  });

  it('for another reason, or of our authentication, is one', async () => {
    expect(await ofMessage(make(DeclineJob, { job_uuid, reason: 'validator_blacklisted' }))).toBe('declined');
    expect(await incidentOf('refused', null, room)).toBe('declined');
  });
});
