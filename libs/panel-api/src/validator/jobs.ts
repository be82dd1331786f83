import type { PanelSpan } from '../timeline.ts';

/** What the validator's admin API answers about jobs. */

/** A job in a list. */
export interface ValidatorJob {
  uuid: string;
  status: string;
  /** The status in words. */
  status_label: string;
  has_ended: boolean;
  /** The hotkey that signed it; null: it came unsigned, or is the operator's own. */
  signatory: string | null;
  /** The address of the facilitator that sent it; `operator`: none has. */
  facilitator: string;
  executor_class: string;
  /** How many miners were asked, and the last of them; null: none was. */
  attempts: number;
  miner_hotkey: string | null;
  received_at: string;
  ended_at: string | null;
}

/** A miner that was asked to run a job. */
export interface ValidatorAttempt {
  number: number;
  /** What the job is called towards this miner. */
  uuid: string;
  miner_hotkey: string;
  miner_address: string;
  started_at: string;
  /** When the miner must have reported the next stage; null: it has ended. */
  deadline: string | null;
  ended_at: string | null;
  /** How it ended, in words; null: it has not. */
  outcome: string | null;
  /** The wire's word for why. */
  reason: string | null;
  /** Why, for people. */
  message: string | null;
  /** What is booked for it of the miner's allowance, with the first ranges of blocks, `7-9, 12`; null: nothing, or no longer. */
  booking: { seconds: number; blocks: string | null; is_spent: boolean } | null;
}

/** A miner that was looked at for a job. */
export interface ValidatorCandidate {
  hotkey: string;
  /** 0 is the best. */
  reliability: number;
  /** To be tried first: from 0 to 1. */
  chance: number;
  /** How many executors of the class it offers, and how many of them are busy. */
  offered: number;
  busy: number;
  /** What of its allowance no job has booked. @unit executor-seconds */
  allowance: number;
  is_chosen: boolean;
  /** Why it was chosen or not. */
  sentence: string;
}

/** Who was to have a job, and why. */
export interface ValidatorChoice {
  at: string;
  sentence: string;
  /** The number of the attempt that it led to; null: to none. */
  attempt: number | null;
  candidates: ValidatorCandidate[];
  /** How many more there were, by why they were chosen or not. */
  others: { sentence: string; count: number }[];
}

/** A receipt of this validator about a job. */
export interface ValidatorReceipt {
  /** What the job is called towards the miner. */
  job_uuid: string;
  type: string;
  miner_hotkey: string;
  timestamp: string;
  /** Whether the miner has shown it with its own signature. */
  is_countersigned: boolean;
  /** Of one that the job is finished. @unit executor-seconds */
  score: string | null;
  /** The blocks whose allowance pays for it. */
  block_numbers: number[] | null;
}

/** `GET /admin/api/jobs/{uuid}`. Values of the environment, tokens and URLs are not in it. */
export interface ValidatorJobPage extends ValidatorJob {
  /** Why it is where it is. */
  sentence: string;
  cancelled_by: string | null;
  timeline: PanelSpan[];
  tries: ValidatorAttempt[];
  choices: ValidatorChoice[];
  receipts: ValidatorReceipt[];
  /** What was asked for; null: it cannot be read. */
  request: ValidatorRequest | null;
}

/** What a job asks for, without its secrets. */
export interface ValidatorRequest {
  docker_image: string;
  args: string[];
  env_names: string[];
  on_trusted_miner: boolean;
  is_streaming: boolean;
  /** The kinds of what it gets and leaves; null: nothing. */
  volume: string | null;
  output_upload: string | null;
  /** @unit seconds */
  download_time_limit: number;
  execution_time_limit: number;
  upload_time_limit: number;
  streaming_start_time_limit: number;
}
