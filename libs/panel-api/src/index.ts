/** What the services' admin APIs answer, as JSON: times are ISO 8601. Both ends are written against these types. */

import type { PanelFiles } from './files.ts';
import type { PanelHourSpan } from './hour-span.ts';
import type { PanelSpan } from './timeline.ts';

export * from './files.ts';
export * from './frames.ts';
export * from './hour-span.ts';
export * from './output.ts';
export * from './miner.ts';
export * from './timeline.ts';
export * from './validator/cycles.ts';
export * from './validator/jobs.ts';
export * from './validator/miners.ts';
export * from './validator/overview.ts';
export * from './validator/records.ts';

/** `read` may look at everything, `operate` may change it, too. */
export const operatorRoles = ['read', 'operate'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** `GET /admin/api/session` of every service. */
export interface PanelSession {
  service: string;
  name: string;
  role: OperatorRole;
  /** Goes with each change, in the header `X-Request-Token`. */
  request_token: string;
  /** Where the panels of the network's other services are, by the service's name. */
  other_panels: Record<string, string>;
}

/** A piece of a list, newest first. */
export interface PanelList<Row> {
  results: Row[];
  /** The value of `cursor` for what follows; null: nothing does. */
  next: string | null;
  count: number;
  /** Whether there are about so many: beyond 10,000 they are not counted. */
  is_estimate: boolean;
}

/** `GET /admin/api/changes` of every service. */
export interface PanelChanges {
  results: {
    id: string;
    at: string;
    /** null: a command, or the service itself. */
    by: string | null;
    action: string;
    subject: string;
    before: object | null;
    after: object | null;
  }[];
  /** The value of `before` for what follows; null: nothing does. */
  next: string | null;
}

/** A job in a list. */
export interface PanelJob {
  uuid: string;
  status: string;
  /** The status in words. */
  status_label: string;
  has_ended: boolean;
  /** Whose job it is. */
  hotkey: string;
  target_validator_hotkey: string;
  executor_class: string;
  docker_image: string;
  job_namespace: string | null;
  tag: string;
  created_at: string;
}

/** `GET /admin/api/jobs`. */
export type PanelJobList = PanelList<PanelJob>;

/** `GET /admin/api/jobs/{uuid}`. Values of the environment, tokens and URLs are not in it. */
export interface PanelJobPage extends PanelJob {
  /** Why it is where it is. */
  sentence: string;
  timeline: PanelSpan[];
  transfers: { stage: string; name: string; done: number; total: number | null }[];
  cancelled_at: string | null;
  args: string[];
  env_names: string[];
  use_gpu: boolean;
  on_trusted_miner: boolean;
  volumes: PanelFiles[];
  uploads: PanelFiles[];
  /** Its last ones; none where they are too large together to be looked into. */
  artifacts: PanelArtifact[];
}

/** `GET /admin/api/overview`. */
export interface PanelOverview {
  unfinished: number;
  connected_validators: number;
  whitelisted: number;
  /** Of the last 24 hours, oldest first; hours in which nothing was created are left out. */
  hours: { hour: string; completed: number; failed: number; going_on: number }[];
  /** Of the jobs of the last 24 hours; null: there was none. @unit seconds */
  wait_median: number | null;
  wait_p95: number | null;
  run_median: number | null;
  run_p95: number | null;
  /** The median until a miner accepted, of the newest 200 jobs that were created in each hour. */
  waits: PanelHourSpan[];
}

/** `GET /admin/api/validators`. */
export interface PanelValidator {
  hotkey: string;
  active: boolean;
  pinned: boolean;
  connected: boolean;
  version: string | null;
  extensions: string[];
  last_seen: string | null;
  unfinished_jobs: number;
}

/** `GET /admin/api/validators/{hotkey}`. */
export interface PanelValidatorPage extends PanelValidator {
  /** The newest first. `largest_frame` in bytes. */
  connections: { since: string; last_heartbeat: string; extensions: string[]; largest_frame: number }[];
  /** What became of the jobs of the last 24 hours: of the newest 1,000, where there are more. */
  recent: { completed: number; failed: number; going_on: number };
}

/** `GET /admin/api/whitelist`. */
export interface PanelUser {
  hotkey: string;
  /** When it came on the whitelist; null: it is not there any more. */
  since: string | null;
  /** null: as the settings say; 0: any number. */
  max_unfinished_jobs: number | null;
  max_creations_per_minute: number | null;
  unfinished_jobs: number;
  /** Jobs of the last 24 hours; more than 1,000 are not counted. */
  recent_jobs: number;
  /** Those of them that did not complete. */
  recent_failures: number;
  /** When the newest job was created; null: there is none. */
  last_job_at: string | null;
}

/** `operator`: it was set here, or by a command; `remote`: by the documents that the service reads. */
export const panelSettingSources = ['operator', 'environment', 'remote', 'default'] as const;
export type PanelSettingSource = (typeof panelSettingSources)[number];

export const panelSettingTypes = ['flag', 'whole number', 'number', 'amount', 'text', 'texts'] as const;
export type PanelSettingType = (typeof panelSettingTypes)[number];

/** `GET /admin/api/configuration` of every service, in the order in which they belong together; PUT and DELETE answer one. */
export interface PanelSetting {
  name: string;
  type: PanelSettingType;
  help: string;
  /** What it is counted in. */
  unit: string | null;
  value: unknown;
  from: PanelSettingSource;
  default: unknown;
  /** What it is where the operator says nothing of it here. */
  otherwise: { value: unknown; from: PanelSettingSource };
  /** Its last change; null: it never was. `by` is null where the documents changed it. */
  changed: { at: string; by: string | null; from: string } | null;
}

/** `GET /admin/api/miners`, with the machine that a validator has described last. Sizes of memory and disk in GiB. */
export interface PanelMiner {
  hotkey: string;
  /** Whether the chain names it. */
  active: boolean;
  ip: string;
  port: number;
  /** Since when the chain does not name it any more. */
  missed_since: string | null;
  /** null: it was never asked; empty: it does not answer. */
  version: string | null;
  runner_version: string | null;
  version_since: string | null;
  measured_at: string | null;
  measured_by: string | null;
  cpu_model: string | null;
  cpu_count: number | null;
  total_ram: number | null;
  total_hdd: number | null;
  os: string | null;
  virtualization: string | null;
  /** `vram` in MiB. */
  gpus: { model: string; count: number; vram: number | null; driver: string | null; cuda: string | null }[];
  /** How many different ones were described in 24 hours. */
  machines: number;
}

/** A row of `GET /admin/api/feedback`. */
export interface PanelFeedback {
  job_uuid: string;
  hotkey: string;
  target_validator_hotkey: string;
  executor_class: string;
  status: string;
  at: string;
  /** From 0, wrong, to 1, right. */
  result_correctness: number;
  /** @unit seconds */
  expected_duration: number | null;
  /** From its first status to its last one. @unit seconds */
  took: number;
}

/** A row of `GET /admin/api/cheat-reports`. */
export interface PanelCheatReport {
  job_uuid: string;
  /** The same job on the trusted miner, whose result is right. */
  trusted_job_uuid: string;
  hotkey: string;
  target_validator_hotkey: string;
  executor_class: string;
  at: string;
  /** What the user says of it, as JSON, redacted and cut. */
  details: string;
  /** Whether its validator has the report. */
  is_delivered: boolean;
}

/** A file that a job has left. */
export interface PanelArtifact {
  name: string;
  /** @unit bytes */
  size: number;
}
