import { seconds, type Drawn, type Random } from './draws.ts';

/** The kinds of faults of Redis, where the network uses one, and how one of each is drawn. */
export const redisKinds = {
  'redis-flushed': () => ({
    says: 'all that it holds is removed',
    lasts: 0,
    strike: ({ redis }) => redis!.flush(),
    heal: () => undefined,
  }),
  'redis-restarted': (random) => {
    const lasts = Math.round(random() * 8_000);
    return {
      says: `it is killed with all that it holds, away for ${seconds(lasts)}`,
      lasts,
      strike: ({ redis }) => redis!.kill(),
      heal: ({ redis }) => redis!.comeBack(),
    };
  },
} as const satisfies Record<string, (random: Random) => Drawn>;
