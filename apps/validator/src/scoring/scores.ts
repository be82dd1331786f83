import { executorClasses, type ExecutorClass } from '@horde/protocol';
import {
  foldByColdkey,
  shareAmongHotkeys,
  type ColdkeyShare,
  type DancingRules,
  type Holdings,
  type MainHotkeys,
} from './coldkeys.ts';
import type { PaidJob } from './paid-jobs.ts';

/** Class -> hotkey -> what it was paid for. @unit executor-seconds */
export type ClassScores = ReadonlyMap<ExecutorClass, ReadonlyMap<string, number>>;

/** Everything that scores depend on. */
export interface ScoringInputs {
  scores: ClassScores;
  classWeights: ReadonlyMap<ExecutorClass, number>;
  /** Hotkey -> coldkey. */
  coldkeyOf: ReadonlyMap<string, string>;
  holdings: Holdings;
  /** By coldkey. */
  mainHotkeys: ReadonlyMap<string, MainHotkeys>;
  dancing: DancingRules;
}

/** How a class's part of the weights came to be. */
interface ClassResult {
  executorClass: ExecutorClass;
  /** Of all classes' weights. */
  weight: number;
  /** With bonuses; 0: the class gives nothing to anybody. */
  total: number;
  /** By coldkey. */
  coldkeys: ReadonlyMap<string, ColdkeyShare>;
}

/** The scores of a cycle, and why they are what they are. */
export interface Scores {
  /** By hotkey. Also of hotkeys that are not registered: what they earned is part of their class's total. */
  byHotkey: ReadonlyMap<string, number>;
  classes: readonly ClassResult[];
}

/** What each miner was paid for, by class; classes and hotkeys in an order of their own, whatever that of the jobs. */
export function addUp(jobs: readonly PaidJob[]): ClassScores {
  const classes = new Map<ExecutorClass, Map<string, number>>();
  for (const executorClass of Object.keys(executorClasses) as ExecutorClass[]) {
    const scores = new Map<string, number>();
    for (const job of jobs) {
      if (job.executorClass !== executorClass) continue;
      scores.set(job.minerHotkey, (scores.get(job.minerHotkey) ?? 0) + job.cost);
    }
    if (scores.size > 0) classes.set(executorClass, new Map([...scores].toSorted(byKey)));
  }
  return classes;
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whose main hotkeys matter: a coldkey that is itself a hotkey with a score keeps it all. */
export function coldkeysThatDance(scores: ClassScores, coldkeyOf: ReadonlyMap<string, string>): string[] {
  const coldkeys = new Set<string>();
  for (const ofClass of scores.values())
    for (const coldkey of foldByColdkey(ofClass, coldkeyOf).keys())
      if (!ofClass.has(coldkey)) coldkeys.add(coldkey);
  return [...coldkeys];
}

/** What each hotkey gets of the weights: of each class its part of the class's total, times the class's weight. */
export function scoreCycle(inputs: ScoringInputs): Scores {
  const byHotkey = new Map<string, number>();
  const classes = [...inputs.scores].map(([executorClass, scores]) =>
    scoreClass(executorClass, scores, inputs),
  );
  for (const { weight, total, coldkeys } of classes) {
    if (total <= 0) continue;
    for (const [hotkey, score] of sharesOf(coldkeys))
      byHotkey.set(hotkey, (byHotkey.get(hotkey) ?? 0) + (score / total) * weight);
  }
  return { byHotkey, classes };
}

function scoreClass(
  executorClass: ExecutorClass,
  scores: ReadonlyMap<string, number>,
  { classWeights, coldkeyOf, holdings, mainHotkeys, dancing }: ScoringInputs,
): ClassResult {
  const coldkeys = new Map<string, ColdkeyShare>();
  for (const [coldkey, total] of foldByColdkey(scores, coldkeyOf)) {
    const hotkeys = holdings.get(coldkey) ?? [];
    if (scores.has(coldkey)) coldkeys.set(coldkey, undivided(total, new Map([[coldkey, total]])));
    else if (hotkeys.length === 0)
      coldkeys.set(coldkey, undivided(total, earnedBy(coldkey, scores, coldkeyOf)));
    else
      coldkeys.set(coldkey, shareAmongHotkeys(total, mainHotkeys.get(coldkey) ?? unknown, hotkeys, dancing));
  }
  let total = 0;
  for (const [, score] of sharesOf(coldkeys)) total += score;
  return { executorClass, weight: classWeights.get(executorClass) ?? 0, total, coldkeys };
}

const unknown: MainHotkeys = { current: null, previous: null };

const undivided = (total: number, shares: ReadonlyMap<string, number>): ColdkeyShare => ({
  ...unknown,
  total,
  danced: false,
  shares,
});

/** Of a coldkey that has no hotkey on the subnet any more: it stays with those that earned it, and is lost with them. */
const earnedBy = (
  coldkey: string,
  scores: ReadonlyMap<string, number>,
  coldkeyOf: ReadonlyMap<string, string>,
): Map<string, number> => new Map([...scores].filter(([hotkey]) => coldkeyOf.get(hotkey) === coldkey));

/** Hotkey and score of all coldkeys. A hotkey may come twice, where one key is a hotkey and somebody's coldkey. */
function* sharesOf(coldkeys: ReadonlyMap<string, ColdkeyShare>): Iterable<readonly [string, number]> {
  for (const { shares } of coldkeys.values()) yield* shares;
}
