import { setTimeout as sleep } from 'node:timers/promises';
import { chainKinds } from './chain-faults.ts';
import { one, pair, seconds, shuffled, startAll, type Drawn, type Random } from './draws.ts';
import { engineKinds } from './engine-faults.ts';
import { gpuTroubles } from './gpu.ts';
import type { Way } from './link.ts';
import { redisKinds } from './redis-faults.ts';
import { stages, type Stage } from './stages.ts';
import type { Mixing } from './frames.ts';
import { linkNames, websocketLinks, type FaultNetwork } from './network.ts';
import type { FaultOptions } from './options.ts';
import { hasFakeTime, type ServiceName } from './service.ts';

/** A fault as it was drawn: the same for the same seed. */
export interface Fault extends Drawn {
  kind: FaultKind;
  /** The stage that a job is to be in when it strikes. */
  stage: Stage;
}

const databaseLinks = ['facilitator to Postgres', 'validator to Postgres', 'miner to Postgres'] as const;
const struck = ['facilitator', 'validator', 'miner'] as const satisfies ServiceName[];

/** The kinds of faults, and how one of each is drawn. */
const kinds = {
  kill: (random) => killed(random, [one(random, struck)]),
  'kill-two': (random) => killed(random, pair(random, struck)),
  'kill-all': (random) => killed(random, [...struck]),
  'kill-again': (random) => {
    const name = one(random, struck);
    const between = Math.round(random() * 1_500);
    return {
      says: `${name}, and again ${between} ms into its recovery`,
      lasts: 0,
      strike: async ({ services }) => {
        await services[name].kill();
        services[name].start();
        await sleep(between);
        await services[name].kill();
      },
      heal: ({ services }) => startAll(services, [name]),
    };
  },
  'kill-executor': (random) => {
    const share = random();
    return {
      says: 'of an executor',
      lasts: 0,
      strike: (network) => network.killExecutor(share),
      heal: () => undefined,
    };
  },
  pause: (random) => {
    const name = one(random, struck);
    const lasts = Math.round(pauseLongerThanLeases + random() * 6_000);
    return {
      says: `${name}, for ${seconds(lasts)}`,
      lasts,
      strike: ({ services }) => services[name].pause(),
      heal: ({ services }) => services[name].resume(),
    };
  },
  cut: (random) => {
    const name = one(random, linkNames);
    const lasts = Math.round(random() * 8_000);
    return {
      says: `${name}, refused for ${seconds(lasts)}`,
      lasts,
      strike: ({ links }) => links[name].cut(true),
      heal: ({ links }) => links[name].heal(),
    };
  },
  'lost-answers': (random) => {
    const name = one(random, linkNames);
    const way = one(random, ['there', 'back'] as const satisfies Way[]);
    const lasts = Math.round(500 + random() * 6_000);
    return {
      says: `${name}, nothing passes ${way} for ${seconds(lasts)}, and then it is cut`,
      lasts,
      strike: ({ links }) => links[name].set(way, { held: true }),
      heal: ({ links }) => {
        links[name].cut(false);
        links[name].heal();
      },
    };
  },
  'half-open': (random) => {
    const name = one(random, linkNames);
    const lasts = Math.round(3_000 + random() * 12_000);
    return {
      says: `${name}, neither end is told for ${seconds(lasts)}`,
      lasts,
      strike: ({ links }) => links[name].leaveHalfOpen(),
      heal: ({ links }) => links[name].heal(),
    };
  },
  delay: (random) => {
    const name = one(random, linkNames);
    const [way, other] = random() < 0.5 ? (['there', 'back'] as const) : (['back', 'there'] as const);
    const delay = Math.round(50 + random() * 1_000);
    const lasts = Math.round(3_000 + random() * 7_000);
    return {
      says: `${name}, ${delay} ms ${way} and ${Math.round(delay / 4)} ms ${other} for ${seconds(lasts)}`,
      lasts,
      strike: ({ links }) => {
        links[name].set(way, { delay });
        links[name].set(other, { delay: Math.round(delay / 4) });
      },
      heal: ({ links }) => links[name].heal(),
    };
  },
  throttle: (random) => {
    const name = one(random, linkNames);
    const rate = Math.round(1_000 + random() * 20_000);
    const lasts = Math.round(3_000 + random() * 7_000);
    return {
      says: `${name}, ${rate} bytes/s for ${seconds(lasts)}`,
      lasts,
      strike: ({ links }) => (['there', 'back'] as const).forEach((way) => links[name].set(way, { rate })),
      heal: ({ links }) => links[name].heal(),
    };
  },
  twice: (random) => mixed(random, 'twice', 'each frame comes twice'),
  replayed: (random) => mixed(random, 'replayed', 'frames that were captured come again'),
  reconnect: (random) => {
    const lasts = Math.round(random() * 4_000);
    return {
      says: `every link at once, refused for ${seconds(lasts)}: then everybody reconnects`,
      lasts,
      strike: ({ links }) => Object.values(links).forEach((link) => link.cut(true)),
      heal: ({ links }) => Object.values(links).forEach((link) => link.heal()),
    };
  },
  'postgres-killed': (random) => postgresAway(random, 'killed', ({ postgres }) => postgres.kill()),
  'postgres-restarted': (random) => postgresAway(random, 'stopped', ({ postgres }) => postgres.stop()),
  'postgres-terminates': () => ({
    says: 'all connections',
    lasts: 0,
    strike: ({ postgres }) => postgres.terminateConnections(),
    heal: () => undefined,
  }),
  'postgres-slow': (random) => {
    const delay = Math.round(20 + random() * 200);
    const lasts = Math.round(3_000 + random() * 7_000);
    return {
      says: `${delay} ms more for each answer, for ${seconds(lasts)}`,
      lasts,
      strike: ({ links }) => databaseLinks.forEach((name) => links[name].set('back', { delay })),
      heal: ({ links }) => databaseLinks.forEach((name) => links[name].heal()),
    };
  },
  'postgres-crowded': (random) => {
    const lasts = Math.round(1_000 + random() * 6_000);
    return {
      says: `it has no connections left for ${seconds(lasts)}`,
      lasts,
      strike: ({ postgres }) => postgres.crowd(),
      heal: ({ postgres }) => postgres.disperse(),
    };
  },
  'disk-full': (random) => {
    const lasts = Math.round(1_000 + random() * 6_000);
    return {
      says: `no room where Postgres has its data, for ${seconds(lasts)}`,
      lasts,
      strike: ({ postgres }) => postgres.fillDisk(),
      heal: ({ postgres }) => postgres.freeDisk(),
    };
  },
  'job-disk-full': (random) => {
    const lasts = Math.round(1_000 + random() * 8_000);
    return {
      says: `no room where jobs have their folders, for ${seconds(lasts)}`,
      lasts,
      strike: async ({ machine: { disk } }) => {
        await disk?.fill();
        return disk !== null;
      },
      heal: ({ machine }) => machine.disk?.empty(),
    };
  },
  beside: (random) => {
    const name = one(random, struck);
    const lasts = Math.round(1_000 + random() * 6_000);
    return {
      says: `${name}, a second process beside it for ${seconds(lasts)}, which then is alone`,
      lasts,
      strike: (network) => network.addTwin(name),
      heal: (network) => network.leaveToTwin(name),
    };
  },
  clock: (random) => {
    const name = one(random, struck);
    const by = Math.round((random() < 0.5 ? -1 : 1) * (10 + random() * 290));
    const lasts = Math.round(2_000 + random() * 8_000);
    return {
      says: `${name}, started again ${Math.abs(by)} s ${by < 0 ? 'behind' : 'ahead'} for ${seconds(lasts)}`,
      lasts,
      strike: async ({ services }) => {
        if (!hasFakeTime()) return false;
        await services[name].kill();
        // It may never get ready: others do not let it in.
        services[name].start(by);
        return true;
      },
      heal: async ({ services }) => {
        await services[name].kill();
        await startAll(services, [name]);
      },
    };
  },
  gpu: (random) => {
    const trouble = one(random, gpuTroubles);
    const lasts = Math.round(5_000 + random() * 15_000);
    return {
      says: `${trouble}, for ${seconds(lasts)}`,
      lasts,
      strike: ({ machine }) => machine.gpu.set(trouble),
      heal: ({ machine }) => machine.gpu.set('fine'),
    };
  },
  liar: (random) => {
    const lasts = Math.round(8_000 + random() * 12_000);
    return {
      says: `a second miner, of plain v0, lies about receipts and results for ${seconds(lasts)}`,
      lasts,
      strike: (network) => network.liar.lie(network),
      heal: (network) => network.liar.silence(network),
    };
  },
  ...chainKinds,
  ...engineKinds,
  ...redisKinds,
} as const satisfies Record<string, (random: Random) => Drawn>;
export type FaultKind = keyof typeof kinds;
export const faultKinds = Object.keys(kinds) as FaultKind[];

/** Those that a run draws from: some need what its network may not have. */
export const faultKindsOf = ({
  runner,
  redis = false,
  kinds: only,
}: Pick<FaultOptions, 'runner' | 'redis' | 'kinds'>): FaultKind[] =>
  faultKinds.filter(
    (kind) =>
      (only?.includes(kind) ?? true) &&
      (runner === 'docker' || !(kind in engineKinds)) &&
      (redis || !(kind in redisKinds)),
  );

/** Longer than a claim to a job holds (10 s), and than the lease of a work that one process does (15 s). @unit ms */
const pauseLongerThanLeases = 16_000;

/** Faults without end: each of the kinds once in every round, rounds and all else drawn. */
export function* drawFaults(
  random: Random,
  from: readonly FaultKind[] = faultKinds,
): Generator<Fault, never> {
  for (let round = 0; ; round++)
    for (const [at, kind] of shuffled(random, from).entries()) {
      const stage = stages[(at + round) % stages.length]!;
      yield { kind, stage, ...kinds[kind](random) };
    }
}

function killed(random: Random, names: ServiceName[]): Drawn {
  const lasts = random() < 0.5 ? 0 : Math.round(random() * 5_000);
  return {
    says: `${names.join(' and ')}, away for ${seconds(lasts)}`,
    lasts,
    strike: async ({ services }) => void (await Promise.all(names.map((name) => services[name].kill()))),
    heal: ({ services }) => startAll(services, names),
  };
}

function mixed(random: Random, mixing: Mixing, what: string): Drawn {
  const name = one(random, websocketLinks);
  const way = one(random, ['there', 'back'] as const satisfies Way[]);
  const lasts = Math.round(3_000 + random() * 7_000);
  return {
    says: `${name}, ${what}, ${way}, for ${seconds(lasts)}`,
    lasts,
    strike: ({ links }) => links[name].set(way, { mixing }),
    heal: ({ links }) => links[name].heal(),
  };
}

function postgresAway(
  random: Random,
  how: string,
  strike: (network: FaultNetwork) => Promise<void> | void,
): Drawn {
  const lasts = Math.round(random() * 5_000);
  return {
    says: `it is ${how}, away for ${seconds(lasts)}`,
    lasts,
    strike,
    heal: ({ postgres }) => postgres.startAgain(),
  };
}
