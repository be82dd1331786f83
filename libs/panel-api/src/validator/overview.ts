import type { PanelHourSpan } from '../hour-span.ts';

/** `GET /admin/api/overview` of the validator. */
export interface ValidatorOverview {
  /** The validator's own. */
  hotkey: string;
  /** Jobs that wait for a miner. */
  waiting: number;
  /** Jobs that a miner has. */
  running: number;
  /** Miners that offer executors, and how many executors that are. */
  miners: number;
  executors: number;
  whitelisted: number;
  /** Of the last 24 hours, oldest first; hours in which nothing came are left out. */
  hours: { hour: string; completed: number; failed: number; going_on: number }[];
  /** Of the jobs of the last 24 hours, of at most the newest 1,000; null: there was none. @unit seconds */
  wait_median: number | null;
  wait_p95: number | null;
  run_median: number | null;
  run_p95: number | null;
  /** The median until a miner accepted, of the newest 200 jobs that came in each hour. */
  waits: PanelHourSpan[];
  /** How the attempts of these jobs ended, the most frequent way first. */
  ends: { outcome: string; count: number }[];
  /** What miners are paid by finished receipts of the last 24 hours, oldest first. @unit executor-seconds */
  spend: PanelHourSpan[];
  /** The newest cycles, newest first: how far their weights are, and how many hotkeys get one; null: not computed. */
  cycles: { cycle_start: number; sentence: string; weighted: number | null }[];
}
