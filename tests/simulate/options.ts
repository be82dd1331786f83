/** What a simulation is made of. */
export interface SimulationOptions {
  miners: number;
  /** At least `full` and one more, which is dishonest. */
  validators: number;
  /** How many of them have their whole rooms in Postgres; at least two. */
  full: number;
  /** How many blocks the chain makes. */
  blocks: number;
  /** At least so many jobs begin. */
  jobs: number;
  /** Cycles begin at blocks that depend on it. */
  netuid: number;
  /** All chance comes from it. */
  seed: number;
  /** The rule that is left out; null: none. */
  broken: Rule | null;
}

/** Rules that can be left out, each with what then happens. */
export const rules = {
  'double-spend': 'blocks that one job was paid with pay for another one, too',
  window: 'blocks may be far older or newer than their job',
  drop: 'blocks count that a miner’s smaller manifest has taken back',
  amount: 'blocks may be worth less than their job costs',
  forged: 'signatures are not verified',
  cheated: 'jobs that were reported as cheated are scored all the same',
  order: 'the second validator judges the receipts of a cycle the last one first',
  booking: 'validators book blocks that they have booked for another job',
  reorg: 'the second validator keeps blocks that the chain has replaced',
  silence: 'a miner that does not answer once counts as one that offers nothing',
} as const;

export type Rule = keyof typeof rules;
export const ruleNames = Object.keys(rules) as Rule[];

/** What is checked. */
export const invariants = [
  'no block is spent twice',
  'paid blocks are not too old or new for their job',
  'a drop of the manifest takes what older blocks gave',
  'what pays for a job is worth what it costs',
  'nothing is over-allocated',
  'pay equals accepted work',
  'only genuine receipts are kept',
  'validators with the same receipts, blocks, manifests and reports agree to the last bit',
  'a reported job earns nothing at the validator that reported it',
] as const;

export type Invariant = (typeof invariants)[number];
