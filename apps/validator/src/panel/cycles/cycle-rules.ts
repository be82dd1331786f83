import type { PanelCycleMiner, PanelCyclePage } from '@horde/panel-api';
import type { CycleWeightsRow } from '../../weights/cycle-weights.entity.ts';
import type { Reasons } from '../../weights/weigh.ts';

type WhoGetsWhat = Pick<
  PanelCyclePage,
  'neurons' | 'neurons_block' | 'classes' | 'coldkeys' | 'miners' | 'cheated' | 'burnt'
>;

/** Who gets what of a cycle's weights, as it was stored when they were computed; those who get most first. */
export function whoGetsWhat({ reasons, weights }: Pick<CycleWeightsRow, 'reasons' | 'weights'>): WhoGetsWhat {
  if (reasons === null)
    return {
      neurons: null,
      neurons_block: null,
      classes: [],
      coldkeys: [],
      miners: [],
      cheated: [],
      burnt: {},
    };
  const why = JSON.parse(reasons) as Reasons;
  return {
    neurons: why.neurons,
    neurons_block: why.neurons_block,
    classes: why.classes.map(({ executor_class, weight, total }) => ({ executor_class, weight, total })),
    coldkeys: why.classes.flatMap(({ executor_class, coldkeys }) =>
      coldkeys.map(({ coldkey, total, main_hotkey, previous_main_hotkey, danced }) => ({
        executor_class,
        coldkey,
        total,
        main_hotkey,
        previous_main_hotkey,
        danced,
      })),
    ),
    miners: minersOf(why, new Map(JSON.parse(weights ?? '[]') as [string, number][])),
    cheated: why.cheated,
    burnt: why.burn?.parts ?? {},
  };
}

function minersOf(why: Reasons, weights: ReadonlyMap<string, number>): PanelCycleMiner[] {
  const miners = new Map<string, PanelCycleMiner>();
  const of = (hotkey: string): PanelCycleMiner => {
    const known = miners.get(hotkey) ?? {
      hotkey,
      weight: weights.get(hotkey) ?? null,
      coldkey: null,
      is_main: false,
      scores: {},
      note: noteOf(hotkey, why),
    };
    miners.set(hotkey, known);
    return known;
  };
  for (const { executor_class, coldkeys } of why.classes)
    for (const { coldkey, shares, main_hotkey } of coldkeys)
      for (const [hotkey, share] of Object.entries(shares)) {
        const miner = of(hotkey);
        miner.coldkey ??= coldkey;
        miner.is_main ||= hotkey === main_hotkey;
        miner.scores[executor_class] = (miner.scores[executor_class] ?? 0) + share;
      }
  for (const hotkey of weights.keys()) of(hotkey);
  return [...miners.values()].toSorted(
    (a, b) => (b.weight ?? -1) - (a.weight ?? -1) || (a.hotkey < b.hotkey ? -1 : 1),
  );
}

function noteOf(hotkey: string, { lost, burn }: Reasons): string | null {
  if (Object.hasOwn(lost, hotkey)) return 'It is not registered any more, so what it has earned is lost.';
  if (burn && Object.hasOwn(burn.parts, hotkey)) return 'Weights are burnt at it.';
  return null;
}
