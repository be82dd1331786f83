import { cycleOf, type Cycle } from '@horde/chain';
import { windowsOf, type WindowRules } from '../scoring/window.ts';
import type { CycleWeightsRow, WeightsState } from './cycle-weights.entity.ts';
import { computing } from './weights-store.ts';

/** What decides whether there are weights. */
export interface WeightsFacts {
  /** The chain's newest block. */
  head: number;
  netuid: number;
  rules: WindowRules;
  /** `SERVING`. */
  isServing: boolean;
}

/** How long weights are kept. @unit blocks */
const kept = (30 * 86_400) / 12;

/** Why there are no weights for the cycle that begins with a block, and what to type next. */
export function whyNoWeights(start: number, facts: WeightsFacts): string {
  const { head, netuid } = facts;
  const cycle = cycleOf(Math.max(0, start), netuid);
  if (cycle.start !== start)
    return said(`No cycle begins with block ${start}: it is of the one that begins with ${cycle.start}.`, [
      `validator explain_weights${cycle.start < 0 ? '' : ` ${cycle.start}`}`,
    ]);
  const blocks = `Blocks ${start} to ${cycle.end - 1}: there are no weights`;
  if (head < cycle.end)
    return said(
      `${blocks} yet, because the cycle is not over: the newest block is ${head}. ${whenNext(cycle, facts)}`,
      [],
    );
  return said(...ofEnded(blocks, cycle, facts));
}

function ofEnded(blocks: string, cycle: Cycle, facts: WeightsFacts): [sentence: string, next: string[]] {
  const { head, netuid, rules, isServing } = facts;
  const windows = windowsOf(cycle, rules, netuid);
  const last = windows.at(-1);
  if (!last)
    return [
      `${blocks}, because the settings leave no block in which they may be handed in: of each ${rules.interval} blocks those ` +
        `from ${rules.startOffset} on, but for the last ${rules.endBuffer}.`,
      ['validator unset_dynamic_config DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET'],
    ];
  if (head >= last.until) {
    const removed = head - last.until > kept ? ', or they were removed: they are kept for thirty days' : '';
    return [
      `${blocks}. Their window, blocks ${last.from} to ${last.until - 1}, is over, and this validator computed none in it: it ` +
        `did not run, could not ask the chain, or SERVING was off${removed}. They cannot be handed in any more.`,
      ['validator doctor', `validator calculate_allowance_paid_job_scores ${cycle.start} ${cycle.end}`],
    ];
  }
  if (!isServing)
    return [
      `${blocks}, because SERVING is off: none are computed. They may be handed in until block ${last.until - 1}, and the ` +
        `newest is ${head}.`,
      ['validator set_dynamic_config SERVING true'],
    ];
  const open = windows.find(({ from, until }) => head >= from && head < until);
  if (!open)
    return [`${blocks} yet, because block ${head} is in no window for them. ${whenNext(cycle, facts)}`, []];
  return [
    `${blocks} yet, though they may be handed in since block ${open.from}, until ${open.until - 1}, and the newest is ${head}: ` +
      'a validator that runs computes them within half a minute.',
    ['validator debug_set_scores', 'validator doctor'],
  ];
}

/** When the weights for a cycle may be handed in next. */
function whenNext(cycle: Cycle, { head, netuid, rules }: WeightsFacts): string {
  const next = windowsOf(cycle, rules, netuid).find(({ from }) => from > head);
  if (!next) return 'By the settings no block is in a window for them.';
  const blocks = next.from - head;
  return `They may be handed in from block ${next.from} to ${next.until - 1}: in ${blocks === 1 ? 'a block' : `${blocks} blocks`}, about ${about(blocks)}.`;
}

/** How long blocks take. */
function about(blocks: number): string {
  const minutes = Math.round((blocks * 12) / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** What to type about weights that are stored; nothing where all is well, or only time is missing. */
export function whatNext({ state, note, cycle_start: start, cycle_end: end }: CycleWeightsRow): string[] {
  const again = ['validator debug_set_scores', 'validator doctor'];
  const next: Record<WeightsState, string[]> = {
    'to compute': note === computing ? [] : again,
    'nothing to send': [`validator calculate_allowance_paid_job_scores ${start} ${end} --verbose`],
    'to send': again,
    sent: [],
    confirmed: [],
    missed: ['validator doctor'],
    'taken over': [],
  };
  return next[state];
}

/** A sentence, and what to type, in lines of their own as `doctor` has them. */
export const said = (sentence: string, next: string[]): string =>
  [sentence, ...next.map((command) => `-> ${command}`)].join('\n');
