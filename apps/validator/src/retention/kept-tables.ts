import { load, measured, reckoned, type Kept } from '@horde/database';
import { keptBlocks } from '../allowance/take-blocks.ts';
import { incidentsKeptFor, keptFor } from './old-records.ts';

const day = 86_400_000;
const days = keptFor / day;
const longDays = incidentsKeptFor / day;
const jobs = load.jobsPerDay * days;
/** A cycle has 722 blocks. */
const cycles = Math.ceil((load.blocksPerDay / 722) * longDays);
const offers = load.miners * 2;

const asItsJob = {
  kept: 'as long as its job',
  setting: null,
  removedBy: 'the database, with the job',
} as const;
const retention = 'the validator, each hour; `evict_old_data`';
const forDays = (from: string, kept = days) => `for ${kept} days after ${from}`;
const withBlocks = 'the validator, with each new block';

/** The validator's own tables. */
export const validatorTables: Record<string, Kept> = {
  job: {
    holds: 'a job as the facilitator sent it',
    kept: forDays('its end'),
    setting: null,
    removedBy: retention,
    ...measured(jobs, 1_819),
  },
  job_event: {
    holds: 'a status of a job, the last one with its result (here without artifacts)',
    ...asItsJob,
    ...measured(6 * jobs, 442),
  },
  attempt: { holds: 'a miner that was asked to run a job', ...asItsJob, ...measured(1.2 * jobs, 417) },
  routing_decision: {
    holds: 'how a miner was chosen, with up to 2 kB of candidates',
    ...asItsJob,
    ...reckoned(1.2 * jobs, 2_000),
  },
  job_frame: {
    holds: 'a message about a job, without secrets; of each job 200, or 256 KiB (`KEEP_FRAMES=false`: none)',
    ...asItsJob,
    ...measured(18 * jobs, 556),
  },
  job_output: { holds: 'one stream of what a job prints', ...asItsJob, ...measured(2 * jobs, 156) },
  job_output_part: {
    holds: 'a piece of what a job prints',
    kept: 'until the facilitator has it, at most as long as its job',
    setting: null,
    removedBy: 'the link to the facilitator',
    ...measured(load.jobsPerDay / 100, 1_556),
  },
  receipt: {
    holds: "a receipt, its own and, with `DYNAMIC_RECEIPT_TRANSFER_ENABLED`, other validators': three a job",
    kept: forDays('it came'),
    setting: null,
    removedBy: retention,
    ...measured(3 * jobs, 950),
  },
  system_event: {
    holds: 'what happened, for the collector of statistics: two a job',
    kept: forDays('it happened, told or not'),
    setting: null,
    removedBy: retention,
    ...measured(2 * jobs, 432),
  },
  miner_incident: {
    holds: "what was a miner's doing",
    kept: forDays('it happened', longDays),
    setting: null,
    removedBy: retention,
    ...reckoned((load.jobsPerDay / 100) * longDays, 250),
  },
  cheat_report: {
    holds: 'a wrong result that a user reports',
    kept: forDays('it came', longDays),
    setting: null,
    removedBy: retention,
    ...reckoned((load.jobsPerDay / 1_000) * longDays, 500),
  },
  slashing: {
    holds: 'a slashing of collateral after such a report',
    kept: forDays('it began', longDays),
    setting: null,
    removedBy: retention,
    ...reckoned((load.jobsPerDay / 1_000) * longDays, 300),
  },
  cycle_weights: {
    holds: 'the weights of a cycle, and why each is so',
    kept: forDays('they were reckoned', longDays),
    setting: null,
    removedBy: retention,
    ...reckoned(cycles, 200 * load.neurons),
  },
  main_hotkey: {
    holds: "a coldkey's main hotkey in a cycle",
    kept: forDays('it was asked for', longDays),
    setting: null,
    removedBy: retention,
    ...reckoned(cycles * load.miners, 250),
  },
  blacklisted_miner: {
    holds: 'a miner that gets no jobs',
    kept: `${forDays('its time has run out')}; one without a time until somebody takes it off`,
    setting: null,
    removedBy: `${retention}; \`unblacklist_miner\``,
    ...reckoned(load.neurons, 300),
  },
  miner: {
    holds: 'a miner of the chain',
    kept: 'until it has left the chain, and its offers have run out',
    setting: null,
    removedBy: retention,
    ...measured(load.neurons, 137),
  },
  shield_certificate: {
    holds: "its certificate on the chain, with the key that opens miners' addresses behind a DDoS shield",
    kept: 'until another one is made, more than a day later',
    setting: null,
    removedBy: 'the validator, when it has made another',
    ...reckoned(2, 150),
  },
  miner_answer: {
    holds: 'when a miner was asked what it offers',
    kept: 'until it has missed too many questions',
    setting: null,
    removedBy: 'the validator, when it asks miners',
    ...measured(load.miners, 133),
  },
  miner_manifest: {
    holds: 'how many executors of a class a miner offers',
    kept: 'until it offers none',
    setting: null,
    removedBy: 'the validator, when it asks miners',
    ...measured(offers, 133),
  },
  connection_manifest: {
    holds: "the same, as the connection of a miner's job told it",
    kept: 'as long as its miner: the last one',
    setting: null,
    removedBy: 'the database, with the miner',
    ...reckoned(load.miners, 200),
  },
  manifest_change: {
    holds: 'a change of what a miner offers',
    kept: `for ${keptBlocks} blocks, and the last one before`,
    setting: null,
    removedBy: withBlocks,
    ...measured(offers * 10, 258),
  },
  allowance_block: {
    holds: 'a block of the chain, and what its time is worth',
    kept: `for ${keptBlocks} blocks`,
    setting: null,
    removedBy: withBlocks,
    ...measured(keptBlocks, 160),
  },
  stake_snapshot: {
    holds: "validators' shares of the stake, as long as they stayed the same",
    kept: 'as long as a block names it',
    setting: null,
    removedBy: withBlocks,
    ...reckoned(keptBlocks, 80 * load.validators),
  },
  booking: {
    holds: 'blocks of allowance that a job has booked or spent',
    kept: `until the last of them is ${keptBlocks} blocks old`,
    setting: null,
    removedBy: withBlocks,
    ...measured((load.jobsPerDay * keptBlocks) / load.blocksPerDay, 356),
  },
  known_validator: {
    holds: 'a validator whose receipts count',
    kept: forDays('the chain has named it last', 2),
    setting: null,
    removedBy: 'the validator, when it reads the chain',
    ...measured(2 * load.validators, 137),
  },
  receipt_page: {
    holds: "how far a page of a miner's receipts was read",
    kept: 'as long as the page counts: six hours',
    setting: null,
    removedBy: 'the transfer of receipts',
    ...reckoned(load.miners * 75, 250),
  },
  taken_over: {
    holds: "what `take_over` has taken from ComputeHorde's own service, but for receipts",
    kept: 'always: it would be taken again',
    setting: null,
    removedBy: 'nothing',
    ...reckoned(100, 150),
  },
  whitelisted_hotkey: {
    holds: 'a key whose jobs are taken',
    kept: 'until somebody takes it off',
    setting: null,
    removedBy: 'the panel',
    ...measured(100, 129),
  },
};
