/** How a miner stands where jobs of one executor class are given out. */
export interface PanelStanding {
  executor_class: string;
  /** How many executors of the class its manifest offers. */
  offered: number;
  /** How many of them are busy, as far as this validator knows. */
  busy: number;
  /** How many of these with jobs of other validators. */
  busy_elsewhere: number;
  /** Its incidents on the class that count now. */
  incidents: number;
  /** 0 is the best. */
  reliability: number;
  /** To be the first that is tried; 0 where something else than being busy is in the way. */
  chance: number;
  /** What this validator may spend there that no job has booked. @unit executor-seconds */
  allowance: number;
  /** What stands in its way, as a word; null: nothing. */
  obstacle: string | null;
  /** The same for people: `it is on the blacklist`; null: nothing. */
  why_not: string | null;
}

/** One of `GET /admin/api/miners`, which tells all. */
export interface ValidatorMiner {
  hotkey: string;
  uid: number;
  /** null: it is not on the chain any more. */
  address: string | null;
  /** Why it is chosen, or why not. */
  sentence: string;
  /** Whether it could get a job now. */
  is_eligible: boolean;
  standings: PanelStanding[];
}

/** `GET /admin/api/miners/{hotkey}`. */
export interface ValidatorMinerPage extends ValidatorMiner {
  /** What the job costs for which it was looked at. @unit executor-seconds */
  job_seconds: number;
  /** When it last said what it offers, and how often it has been silent since; null: never, or too often. */
  answer: { at: string; misses: number } | null;
  blacklist: PanelBlacklistEntry[];
  collateral: PanelCollateral;
  earnings: PanelEarnings;
  /** So long an incident counts. @unit hours */
  incident_hours: number;
  /** Its newest ones, whether they count or not. */
  incidents: PanelIncident[];
  /** Of the last 24 hours, oldest first; hours in which nothing is known are left out. */
  hours: PanelCapacityHour[];
  /** The newest jobs that it was asked to run. */
  attempts: PanelMinerAttempt[];
}

/** What a miner has deposited. */
export interface PanelCollateral {
  /** null: it is not known, or not kept. @unit wei */
  wei: string | null;
  /** With less a miner gets no jobs. @unit wei */
  least: string;
  /** Where it is known from, or why it does not count. */
  sentence: string;
}

/** What a miner gets, as the chain said it last; null: that is not known. */
export interface PanelEarnings {
  /** Its part of what the subnet's miners get, 0 to 1. */
  incentive: number | null;
  /** What it got in the last epoch. @unit alpha */
  emission: number | null;
}

/** Something that a miner has done about a job, for which it is asked less often. */
export interface PanelIncident {
  at: string;
  kind: string;
  executor_class: string;
  /** The job; null: it is not kept any more. */
  job_uuid: string | null;
  counts: boolean;
}

/** A miner's executors in an hour. */
export interface PanelCapacityHour {
  hour: string;
  /** At the hour's end, or now; null: it is not known. */
  offered: number | null;
  /** So many were busy with this validator's jobs, on the average. */
  busy: number;
  /** So many with jobs of other validators that have finished, as their receipts tell. */
  busy_elsewhere: number;
}

export interface PanelMinerAttempt {
  job_uuid: string;
  /** 1 for the job's first. */
  number: number;
  executor_class: string;
  started_at: string;
  ended_at: string | null;
  /** null: it has not ended. */
  outcome: string | null;
  message: string | null;
}

/** One of `GET /admin/api/blacklist`, which tells all. */
export interface PanelBlacklistEntry {
  id: string;
  hotkey: string;
  reason: string;
  /** What happened, for people. */
  details: string;
  blacklisted_at: string;
  /** null: until it is taken off. */
  expires_at: string | null;
}

/** One of `GET /admin/api/whitelist` of the validator, which tells all. */
export interface PanelSignatory {
  hotkey: string;
  /** null: it is the validator's own. */
  since: string | null;
  unfinished_jobs: number;
}
