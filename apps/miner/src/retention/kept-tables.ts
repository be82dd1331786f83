import { load, measured, reckoned, type Kept } from '@horde/database';
import { keptFor, validatorsKeptFor } from './old-records.ts';

const days = keptFor / 86_400_000;
const jobs = load.jobsPerDay * days;

const asItsJob = {
  kept: 'as long as its job',
  setting: null,
  removedBy: 'the database, with the job',
} as const;
const retention = 'the miner, each hour; `evict_old_data`';
const forDays = (from: string) => `for ${days} days after ${from}`;

/** The miner's own tables. */
export const minerTables: Record<string, Kept> = {
  job: {
    holds: 'a job as its validator asked for it',
    kept: forDays('its end'),
    setting: null,
    removedBy: retention,
    ...measured(jobs, 2_487),
  },
  job_event: { holds: 'a status of a job', ...asItsJob, ...measured(5 * jobs, 156) },
  job_frame: {
    holds: 'a message about a job, without secrets; of each job 200, or 256 KiB (`KEEP_FRAMES=false`: none)',
    ...asItsJob,
    ...measured(17 * jobs, 576),
  },
  job_result: {
    holds: 'the result of a job, up to 52 MB (here without artifacts)',
    ...asItsJob,
    ...measured(jobs, 1_564),
  },
  job_output: { holds: 'one stream of what a job prints', ...asItsJob, ...measured(2 * jobs, 156) },
  job_output_part: {
    holds: 'a piece of what a job prints',
    kept: 'until the validator has it, at most as long as its job',
    setting: null,
    removedBy: 'the link to the validator',
    ...measured(load.jobsPerDay / 100, 1_556),
  },
  receipt: {
    holds: 'a receipt with both signatures: three a job',
    kept: forDays('it was stored'),
    setting: null,
    removedBy: retention,
    ...measured(3 * jobs, 988),
  },
  validator: {
    holds: 'a validator of the chain, or one that somebody has added or blacklisted',
    kept: `for ${validatorsKeptFor / 86_400_000} days after it was active last, where nobody has added or blacklisted it`,
    setting: null,
    removedBy: retention,
    ...measured(2 * load.validators, 118),
  },
  taken_over: {
    holds: "what `take_over` has taken from ComputeHorde's own service, but for receipts",
    kept: 'always: it would be taken again',
    setting: null,
    removedBy: 'nothing',
    ...reckoned(100, 150),
  },
  used_authentication: {
    holds: "a validator's login",
    kept: 'until nobody could use it again',
    setting: null,
    removedBy: 'the next login',
    ...measured(100, 212),
  },
  warm_executor: {
    holds: 'an executor that waits for a job',
    kept: 'until it has one, or has ended',
    setting: 'WARM_EXECUTORS',
    removedBy: 'the miner',
    ...measured(10, 399),
  },
  check_run: {
    holds: 'the last run of a check that the panel has started',
    kept: 'until the next one: one row a check',
    setting: null,
    removedBy: 'the next run',
    ...reckoned(2, 100_000),
  },
};

/** What it and its executors keep on a disk. */
export const minerFolders: Record<string, Kept> = {
  LOCAL_RECEIPTS_ROOT: {
    holds: 'receipts on pages of five minutes, and their archives: three lines a job',
    kept: forDays('their time'),
    setting: 'LOCAL_RECEIPTS_ROOT',
    removedBy: retention,
    ...reckoned(3 * jobs, 1_200),
  },
  EXECUTOR_LOG_FOLDER: {
    holds: 'what an executor has said, a file for each job; only of the process manager, and where it is set',
    kept: forDays('its last line'),
    setting: 'EXECUTOR_LOG_FOLDER',
    removedBy: retention,
    ...reckoned(jobs, 4_096),
  },
  JOB_FOLDER: {
    holds: 'the files of a job that runs: as large as its limits let it be',
    kept: 'until the job ends; after a crash until the next executor looks',
    setting: 'JOB_FOLDER',
    removedBy: 'the executor',
    ...reckoned(0, 0),
  },
};
