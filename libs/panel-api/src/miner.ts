import type { PanelFiles } from './files.ts';
import type { PanelHourSpan } from './hour-span.ts';
import type { PanelSpan } from './timeline.ts';

/** `GET /admin/api/overview` of the miner. */
export interface MinerOverview {
  /** How it is, and what is amiss. */
  sentence: string;
  classes: MinerExecutorClass[];
  /** What keeps hosts from running executors, and checks that failed: sentences. */
  troubles: string[];
  unfinished: number;
  connected_validators: number;
  active_validators: number;
  /** Of the last 24 hours, oldest first, by when jobs were asked for; hours without any are left out. */
  hours: { hour: string; completed: number; failed: number; declined: number; going_on: number }[];
  /** From the acceptance of a job to its executor that is ready, in the last 24 hours; null: there was none. @unit seconds */
  start_median: number | null;
  start_p95: number | null;
  /** The median of that by the hour, of the newest 200 jobs that were accepted in each. */
  starts: PanelHourSpan[];
  /** What validators have signed in finished receipts of the last 24 hours. @unit executor-seconds */
  earned: number;
  /** The same by the hour. */
  earnings: PanelHourSpan[];
  /** How many of those receipts name blocks of allowance that paid for their job. */
  paid_jobs: number;
}

/** How many executors of a class there are. */
export interface MinerExecutorClass {
  executor_class: string;
  /** How many the miner offers to validators now. */
  offered: number;
  /** How many there are to be, hosts in trouble included. */
  configured: number;
  /** Those that jobs have. */
  busy: number;
  /** Those that were started before there is a job for them. */
  warm: number;
}

/** An executor: of a job, or warm. */
export interface MinerExecutor {
  state: 'starting' | 'warm' | 'working' | 'ending';
  /** The uuid of its job; null: it is warm. */
  job: string | null;
  /** Of the job, in words. */
  status_label: string | null;
  since: string;
}

/** `GET /admin/api/executors`: executors of one class at one place. */
export interface MinerExecutorHost {
  /** null: they are being started, or the manager does not tell where they are. */
  name: string | null;
  executor_class: string;
  /** How many there are to be at once. */
  executors: number;
  /** Why none can be started there now, a sentence; null: nothing is the matter. */
  trouble: string | null;
  running: MinerExecutor[];
}

/** A job in the miner's list. */
export interface MinerJob {
  uuid: string;
  status: string;
  /** The status in words. */
  status_label: string;
  has_ended: boolean;
  validator_hotkey: string;
  executor_class: string;
  /** Where its executor is or was; null: it had none, or nobody can tell. */
  host: string | null;
  accepted_at: string;
  ended_at: string | null;
}

/** `GET /admin/api/jobs/{uuid}` of the miner. Values of the environment, tokens and URLs are not in it. */
export interface MinerJobPage extends MinerJob {
  /** Why it is where it is, was refused or failed. */
  sentence: string;
  timeline: PanelSpan[];
  docker_image: string | null;
  args: string[];
  env_names: string[];
  volumes: PanelFiles[];
  uploads: PanelFiles[];
  artifacts_dir: string | null;
  is_streaming: boolean;
  /** The job is ended by force then. */
  deadline: string;
  cancelled_at: string | null;
  cancelled_by: string | null;
  executor: {
    /** The address that it connects from. */
    address: string | null;
    start_requested_at: string | null;
    connected_at: string | null;
    exited_at: string | null;
    exit_code: number | null;
    container: string | null;
  };
  /** Of the job's container; null: it has not ended. */
  exit_status: number | null;
  receipts: MinerReceipt[];
}

/** A receipt with both signatures. */
export interface MinerReceipt {
  /** Its job's uuid and its type. */
  id: string;
  job_uuid: string;
  receipt_type: string;
  validator_hotkey: string;
  timestamp: string;
  stored_at: string;
  /** The page that shows it to validators; null: none yet. */
  page: string | null;
  /** Of started receipts only, as are the next two. */
  executor_class: string | null;
  is_organic: boolean | null;
  /** For how long it excuses a busy miner. @unit seconds */
  ttl: number | null;
  /** Of finished receipts only: what the job earned. @unit executor-seconds */
  score: string | null;
}

/** `GET /admin/api/validators` of the miner. */
export interface MinerValidator {
  hotkey: string;
  /** Whether it may send jobs: the chain says so, or the operator. */
  active: boolean;
  /** Added by hand: it stays active whatever the chain says. */
  by_hand: boolean;
  /** Its jobs are declined, by the operator's wish. */
  blacklisted: boolean;
  /** It signs its messages about jobs. */
  signs: boolean;
  connections: number;
  unfinished_jobs: number;
  /** Jobs of the last 24 hours that have ended. */
  completed: number;
  failed: number;
  declined: number;
}

/** `GET /admin/api/images`: what was last fetched where. */
export interface MinerImages {
  results: {
    /** The machine's name. */
    machine: string;
    image: string;
    /** Whether it is there now, be it an older one. */
    present: boolean;
    /** Why the newest was not fetched, a sentence; null: it was. */
    error: string | null;
  }[];
  /** When that was; null: not yet, or the executor manager needs no images. */
  at: string | null;
  /** Images that executors have fetched for jobs; there are none before `at`. */
  of_jobs: {
    machine: string;
    images: {
      image: string;
      /** With all of its layers. */
      bytes: number;
      /** When a job needed it last. */
      used_at: string;
      /** Why it may not be removed now, for the middle of a sentence; null: it may. */
      kept: string | null;
    }[];
    /** Why they could not be looked at, a sentence; null: they were. */
    error: string | null;
  }[];
  /** Those that were removed since the miner was started, at most 50, the newest first. */
  removed: { machine: string; image: string; bytes: number; at: string }[];
  /** From where on they are removed. */
  limits: {
    /** All of a machine together; null: no limit. */
    most_bytes: number | null;
    /** The part of its disk that is to be free, from 0 to 1; 0: no limit. */
    least_free: number;
  };
}

/** What a miner can check of itself when it is asked to. */
export const minerChecks = ['self_test', 'doctor'] as const;
export type MinerCheckName = (typeof minerChecks)[number];

/** `GET /admin/api/checks`: the last run of a check; all but its name is null where there was none. */
export interface MinerCheck {
  name: MinerCheckName;
  /** Another one for each run. */
  id: string | null;
  state: 'never' | 'running' | 'good' | 'failed' | 'cut off';
  started_at: string | null;
  started_by: string | null;
  ended_at: string | null;
  /** What it has printed so far. */
  output: string;
}

/** `GET /admin/api/checks/events`: an event `check`, when a check has begun, has printed something, or has ended. */
export interface MinerCheckEvent extends Omit<MinerCheck, 'output'> {
  /** Where the text belongs in what it has printed; 0: it is all of it. @unit UTF-16 code units */
  from: number;
  text: string;
}
