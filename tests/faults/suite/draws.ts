import type { FaultNetwork } from './network.ts';
import type { ServiceName } from './service.ts';

/** A fault as it was drawn: the same for the same seed. */
export interface Drawn {
  /** Whom it strikes, and how. */
  says: string;
  /** @returns false: it cannot be done on this machine, and was not */
  strike: (network: FaultNetwork) => Promise<void | boolean> | void | boolean;
  heal: (network: FaultNetwork) => Promise<void> | void;
  /** How long it lasts. @unit ms */
  lasts: number;
}

/** What faults are drawn by: a number from 0 to below 1 each time. */
export type Random = () => number;

export const one = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
export const pair = <T>(random: Random, all: readonly T[]): T[] => shuffled(random, all).slice(0, 2);

export function shuffled<T>(random: Random, all: readonly T[]): T[] {
  const left = [...all];
  return all.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

/** A time as it is said. @param ms */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Starts services. Resolves when they are ready. */
export async function startAll(
  services: FaultNetwork['services'],
  names: readonly ServiceName[],
): Promise<void> {
  for (const name of names) services[name].start();
  await Promise.all(names.map((name) => services[name].ready()));
}
