import type { PanelStanding } from '@horde/panel-api';

/** What is known of a miner, beside what it offers. */
interface KnownMiner {
  /** null: it is not on the chain any more. */
  address: string | null;
  /** Whether it has said what it offers, and has not been silent too often since. */
  has_answered: boolean;
}

/** Why a miner is chosen, or why not, for the operator. */
export function sentenceOf(miner: KnownMiner, standings: readonly PanelStanding[]): string {
  const missing = withoutOffer(miner, standings);
  if (missing) return `This miner is not chosen because ${missing}.`;
  const [free, others] = [true, false].map((isFree) =>
    standings.filter(({ obstacle }) => (obstacle === null) === isFree),
  ) as [PanelStanding[], PanelStanding[]];
  const reasons = [...Map.groupBy(others, ({ why_not }) => why_not!)];
  const whyNot = reasons.map(([why, those]) => `for ${namesOf(those)} because ${why}`).join(', ');
  if (free.length === 0)
    return reasons.length === 1
      ? `This miner is not chosen because ${reasons[0]![0]}.`
      : `This miner is not chosen ${whyNot}.`;
  const chances = free.map(
    ({ executor_class, chance }) => `${executor_class} (in ${percent(chance)} of cases first)`,
  );
  return `This miner can be chosen for ${chances.join(', ')}${whyNot && `; not ${whyNot}`}.`;
}

function withoutOffer(
  { address, has_answered }: KnownMiner,
  standings: readonly PanelStanding[],
): string | null {
  if (address === null) return 'it is not on the chain any more';
  if (standings.length > 0) return null;
  return has_answered
    ? 'its manifest offers no executors'
    : 'it does not answer when it is asked what it offers';
}

const namesOf = (standings: readonly PanelStanding[]): string =>
  standings.map(({ executor_class }) => executor_class).join(', ');

const percent = (chance: number): string => `${(chance * 100).toFixed(chance < 0.1 ? 1 : 0)} %`;
