import type { HordeError } from '@horde/protocol';
import type { MinerAddress } from '../miner/miner-client.ts';

/** A miner that offers the class and cannot have the job. */
export interface PassedOver {
  hotkey: string;
  /** A part of a sentence: "all 2 executors are busy". */
  why: string;
}

/** What is asked of the router. */
export interface ChoiceOptions {
  /** What the job is to be called towards the miner that is chosen: the key of what is booked for it. */
  attempt: string;
  /** Miners that are not to be chosen, by hotkey. */
  excluded: ReadonlySet<string>;
  /** Those among which one is to be chosen. @default all */
  only?: ReadonlySet<string>;
}

/** Who is to run a job. */
export interface ChosenMiner {
  is: 'miner';
  miner: MinerAddress;
  /** What is booked for it of the miner's allowance; null: nothing. */
  booking: string | null;
}

/** Nobody can have the job. */
export interface NoMiner {
  /** Whether that may change by itself; what cannot is not waited for. */
  is: 'wait' | 'reject';
  /** Why, for the user. */
  error: HordeError;
  /** Those that offer the class, without the excluded. */
  candidates: PassedOver[];
}

/** What a search for a miner has come to. */
export type Choice = ChosenMiner | NoMiner;
