import { load, measured, reckoned, type Kept } from '@horde/database';
import { FacilitatorSettings } from '../settings.ts';

const { jobRetention, receiptRetention, minerVersionRetention, machineRetention } = new FacilitatorSettings();
const jobs = load.jobsPerDay * jobRetention;

const asItsJob = {
  kept: 'as long as its job',
  setting: 'JOB_RETENTION_DAYS',
  removedBy: 'the database, with the job',
} as const;
const forDays = (days: number, since: string) => `for ${days} days after ${since}`;
const retention = 'the facilitator, each hour; `evict_old_data`';

/** The facilitator's own tables. */
export const facilitatorTables: Record<string, Kept> = {
  job: {
    holds: 'a job as its user created it',
    kept: forDays(jobRetention, 'its last status'),
    setting: 'JOB_RETENTION_DAYS',
    removedBy: retention,
    ...measured(jobs, 1_052),
  },
  job_status: {
    holds: 'a status of a job; the last one with its result, up to 52 MB (here without artifacts)',
    ...asItsJob,
    ...measured(7 * jobs, 381),
  },
  job_output: { holds: 'one stream of what a job prints', ...asItsJob, ...measured(2 * jobs, 156) },
  job_output_part: {
    holds: `a piece of what a job prints: up to 8 MiB a job (here ${load.printed} bytes)`,
    ...asItsJob,
    ...measured(jobs, 1_556),
  },
  job_progress: {
    holds: 'what a job waited for, or how far a transfer has come',
    ...asItsJob,
    ...measured(jobs, 288),
  },
  job_feedback: { holds: 'what a user says of a job', ...asItsJob, ...reckoned(jobs / 10, 350) },
  cheat_report: { holds: 'a wrong result that a user reports', ...asItsJob, ...reckoned(jobs / 100, 500) },
  idempotency_key: {
    holds: 'a key under which a job was created',
    kept: 'for 24 hours',
    setting: null,
    removedBy: retention,
    ...measured(load.jobsPerDay, 252),
  },
  spent_request: {
    holds: 'a removed job whose signature still counts',
    kept: 'until the signature has expired',
    setting: 'SIGNATURE_EXPIRE_DURATION',
    removedBy: retention,
    ...reckoned(100, 150),
  },
  receipt: {
    holds: 'a receipt that a miner has shown: three a job',
    kept: forDays(receiptRetention, 'its timestamp'),
    setting: 'RECEIPT_RETENTION_DAYS',
    removedBy: retention,
    ...reckoned(3 * load.jobsPerDay * receiptRetention, 950),
  },
  miner: {
    holds: 'a miner of the chain',
    kept: forDays(minerVersionRetention, 'it has left the chain'),
    setting: 'MINER_VERSION_RETENTION_DAYS',
    removedBy: retention,
    ...measured(2 * load.neurons, 137),
  },
  miner_version: {
    holds: 'a version that a miner changed to',
    kept: `${forDays(minerVersionRetention, 'that')}; the last one as long as its miner`,
    setting: 'MINER_VERSION_RETENTION_DAYS',
    removedBy: retention,
    ...reckoned((load.miners * minerVersionRetention) / 7, 200),
  },
  machine_snapshot: {
    holds: 'that a miner was seen with a machine: one a job',
    kept: forDays(machineRetention, 'that'),
    setting: 'MACHINE_SPECS_RETENTION_DAYS',
    removedBy: retention,
    ...measured(load.jobsPerDay * machineRetention, 388),
  },
  machine_specs: {
    holds: 'the description of a machine',
    kept: forDays(machineRetention, 'it was seen last'),
    setting: 'MACHINE_SPECS_RETENTION_DAYS',
    removedBy: retention,
    ...measured(4 * load.miners, 716),
  },
  machine_gpu: {
    holds: 'the GPUs of such a machine',
    kept: 'as long as its description',
    setting: 'MACHINE_SPECS_RETENTION_DAYS',
    removedBy: 'the database, with the description',
    ...reckoned(4 * load.miners, 250),
  },
  validator: {
    holds: 'a validator of the chain, or one that was added by hand',
    kept: `${forDays(minerVersionRetention, 'it was seen last')}, where it is inactive and has no job`,
    setting: 'MINER_VERSION_RETENTION_DAYS',
    removedBy: retention,
    ...measured(2 * load.validators, 264),
  },
  channel: {
    holds: 'a connection of a validator',
    kept: 'until it ends, or says nothing for ten minutes',
    setting: null,
    removedBy: 'the facilitator',
    ...measured(2 * load.validators, 301),
  },
  refused_login: {
    holds: 'a hotkey that was refused as a validator',
    kept: 'for a minute',
    setting: null,
    removedBy: 'the next one that is refused',
    ...reckoned(100, 120),
  },
  question: {
    holds: 'a dry run, or another question to a validator',
    kept: 'for a minute',
    setting: null,
    removedBy: 'the next question',
    ...reckoned(100, 3_000),
  },
  event_replica: {
    holds: 'a process that serves events',
    kept: 'until it ends, or says nothing for ten minutes',
    setting: null,
    removedBy: 'the other processes',
    ...measured(5, 89),
  },
  event_stream_count: {
    holds: 'how many streams of events a user has open there',
    kept: 'as long as that process',
    setting: null,
    removedBy: 'the database, with the process',
    ...measured(500, 177),
  },
  request_count: {
    holds: 'how often somebody has asked within a minute',
    kept: 'for two minutes',
    setting: null,
    removedBy: 'the next count',
    ...measured(2_000, 126),
  },
  used_nonce: {
    holds: 'a login that was used',
    kept: 'until its nonce expires',
    setting: 'NONCE_LIFETIME',
    removedBy: 'the next login',
    ...measured(1_000, 204),
  },
  hotkey_whitelist: {
    holds: 'a user',
    kept: 'until somebody takes it off',
    setting: null,
    removedBy: '`unwhitelist_hotkey`, the panel',
    ...measured(1_000, 129),
  },
  signing_key: {
    holds: 'since when tokens are signed with the key',
    kept: 'always: one row',
    setting: null,
    removedBy: 'nothing',
    ...measured(1, 145),
  },
};
