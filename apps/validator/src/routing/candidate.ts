import type { MinerAddress } from '../miner/miner-client.ts';

/**
 * Why a miner that offers the class cannot have the job: it was asked already, its allowance would not pay for it, or
 * does not as long as other jobs have reserved theirs, it has too little collateral, it is on the blacklist, it has no
 * executor left.
 */
export type Obstacle = 'asked' | 'allowance' | 'reserved' | 'collateral' | 'blacklisted' | 'busy';

/** A miner that offers executors of the class that is wanted. */
export interface Candidate extends MinerAddress {
  /** How many executors of the class its manifest offers. */
  offered: number;
  /** How many of them are busy, as far as we know. */
  busy: number;
  /** How many of these with jobs of other validators. */
  elsewhere: number;
  /** Its incidents that count. */
  incidents: number;
  /** What this validator may spend there that no job has booked. @unit executor-seconds */
  allowance: number;
  /** 0 is the best. */
  reliability: number;
  /** To be the first that is tried; 0 where something else than being busy is in the way. */
  chance: number;
  obstacle: Obstacle | null;
}
