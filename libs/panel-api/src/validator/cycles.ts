import type { PanelSystemEvent } from './records.ts';

/** One of `GET /admin/api/cycles`, which tells all that are kept. */
export interface PanelCycle {
  /** The cycle's first block, and the first one after it. */
  cycle_start: number;
  cycle_end: number;
  /** The first block in which its weights may be handed in, and the first one after them. */
  window_from: number;
  window_until: number;
  state: string;
  /** What it waits for, or how it has ended. */
  sentence: string;
  /** How often its weights were given to Pylon. */
  attempts: number;
  computed_at: string | null;
  first_sent_block: number | null;
  last_sent_block: number | null;
  /** The block in which the chain took them. */
  confirmed_block: number | null;
  /** SHA-256 of everything that the weights depend on, hex. */
  inputs_digest: string | null;
}

/** What a hotkey gets in a cycle, and why. */
export interface PanelCycleMiner {
  hotkey: string;
  /** null: none was handed in for it. */
  weight: number | null;
  /** null: it has earned nothing. */
  coldkey: string | null;
  is_main: boolean;
  /** Its score by executor class, bonuses included. @unit executor-seconds */
  scores: Record<string, number>;
  /** Why it gets nothing for what it has earned, or what else there is to it; null: nothing. */
  note: string | null;
}

/** `GET /admin/api/cycles/{start}`. */
export interface PanelCyclePage extends PanelCycle {
  /** Whose registrations counted; null: nothing is computed yet. */
  neurons_block: number | null;
  neurons: number | null;
  classes: {
    executor_class: string;
    /** Of all classes' weights. */
    weight: number;
    /** @unit executor-seconds */
    total: number;
  }[];
  miners: PanelCycleMiner[];
  coldkeys: {
    executor_class: string;
    coldkey: string;
    /** What its hotkeys were paid for. @unit executor-seconds */
    total: number;
    main_hotkey: string | null;
    previous_main_hotkey: string | null;
    /** Whether it gets the bonus for another main hotkey than before. */
    danced: boolean;
  }[];
  /** Own jobs that were left out because they were reported as cheated. */
  cheated: { job_uuid: string; miner_hotkey: string; cost: number }[];
  /** What is burnt, by hotkey, as a part of the weights. */
  burnt: Record<string, number>;
  /** What happened with its weights, newest first. */
  events: PanelSystemEvent[];
}
