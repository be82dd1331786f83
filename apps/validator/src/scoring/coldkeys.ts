/** How a coldkey's earnings are shared among its hotkeys. */
export interface DancingRules {
  /** What is added to a coldkey's score in a cycle in which its main hotkey is another one than before; 0.1 is a tenth. */
  bonus: number;
  /** The main hotkey's part when there are several; the others share the rest equally. */
  mainShare: number;
}

/** What is known of a coldkey in a cycle. */
export interface MainHotkeys {
  /** Which of its hotkeys its miners name as the main one; null: none of them did. */
  current: string | null;
  /** The same of the cycle before. */
  previous: string | null;
}

/** What a coldkey earned with one class, and how it was shared. */
export interface ColdkeyShare extends MainHotkeys {
  total: number;
  /** Whether the bonus was added. */
  danced: boolean;
  /** By hotkey. */
  shares: ReadonlyMap<string, number>;
}

/** Coldkey -> the hotkeys it has on the subnet, by uid. */
export type Holdings = ReadonlyMap<string, readonly string[]>;

/** What hotkeys earned, added up by coldkey. A hotkey whose coldkey is not known stands for itself. */
export function foldByColdkey(
  scores: ReadonlyMap<string, number>,
  coldkeyOf: ReadonlyMap<string, string>,
): Map<string, number> {
  const totals = new Map<string, number>();
  for (const [hotkey, score] of scores) {
    const coldkey = coldkeyOf.get(hotkey) ?? hotkey;
    totals.set(coldkey, (totals.get(coldkey) ?? 0) + score);
  }
  return totals;
}

/** Shares a coldkey's total among its hotkeys. Without a main hotkey that is one of them, all get the same. */
export function shareAmongHotkeys(
  total: number,
  { current, previous }: MainHotkeys,
  hotkeys: readonly string[],
  { bonus, mainShare }: DancingRules,
): ColdkeyShare {
  const danced = current !== null && previous !== null && current !== previous;
  const earned = danced ? total * (1 + bonus) : total;
  return { total, current, previous, danced, shares: new Map(sharesOf(earned, current, hotkeys, mainShare)) };
}

function sharesOf(
  earned: number,
  main: string | null,
  hotkeys: readonly string[],
  mainShare: number,
): [string, number][] {
  if (main === null || !hotkeys.includes(main))
    return hotkeys.map((hotkey) => [hotkey, earned / hotkeys.length]);
  if (hotkeys.length === 1) return [[main, earned]];
  const ofMain = earned * mainShare;
  const others = hotkeys.filter((hotkey) => hotkey !== main);
  return [
    [main, ofMain],
    ...others.map((hotkey): [string, number] => [hotkey, (earned - ofMain) / others.length]),
  ];
}
