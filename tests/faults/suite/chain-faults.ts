import { setTimeout as sleep } from 'node:timers/promises';
import type { ChainFault } from './chain.ts';
import type { FaultNetwork } from './network.ts';
import { one, seconds, startAll, type Drawn, type Random } from './draws.ts';

/** How long new blocks are left to be read before they are replaced: they are looked for every 3 s. @unit ms */
const blocksRead = 4_000;
/**
 * How long it may take until weights have gone wrong as often as they are to: the validator reads a cycle's blocks, and
 * looks every 30 s. @unit ms
 */
const handedInWithin = 240_000;
/** How long a job may take that is paid with blocks. @unit ms */
const paidWithin = 60_000;
/** How many blocks give allowance, and how long each takes. @unit s */
const payingBlocks = [100, 0.05] as const;

const late = [
  ['come 1 to 8 s late', (random) => ({ kind: 'delay', seconds: Math.round(1 + random() * 7) })],
  ['never come', () => ({ kind: 'silence' })],
  ['break off in their middle', () => ({ kind: 'half' })],
  ['are 502', () => ({ kind: 'refuse', status: 502 })],
] as const satisfies [string, (random: Random) => ChainFault][];

const wrongWithWeights = [
  ['refused with 400', { kind: 'refuse', status: 400 }],
  ['refused with 429', { kind: 'refuse', status: 429 }],
  ['refused with 502', { kind: 'refuse', status: 502 }],
  ['taken, and the answer is lost', { kind: 'half' }],
] as const satisfies [string, ChainFault][];

/** The kinds of faults of the chain, and how one of each is drawn. */
export const chainKinds = {
  'chain-away': (random) => {
    const lasts = Math.round(random() * 8_000);
    return {
      says: `the devnet is killed, for ${seconds(lasts)}`,
      lasts,
      strike: ({ services }) => services.devnet.kill(),
      heal: ({ services }) => startAll(services, ['devnet']),
    };
  },
  'chain-late': (random) => {
    const [how, fault] = one(random, late);
    const drawn = fault(random);
    const lasts = Math.round(4_000 + random() * 12_000);
    return {
      says: `all its answers ${how}, for ${seconds(lasts)}`,
      lasts,
      strike: ({ chain }) => chain.goWrong(drawn),
      heal: ({ chain }) => chain.goWrong(),
    };
  },
  'chain-reorganised': (random) => {
    const depth = Math.round(1 + random() * 40);
    return {
      says: `its newest ${depth} blocks are replaced, and what happened in them is lost`,
      lasts: 0,
      strike: async ({ chain }) => {
        await chain.makeBlocks(depth);
        await sleep(blocksRead);
        await chain.reorganise(depth);
      },
      heal: ({ chain }) => chain.makeBlocks(depth),
    };
  },
  'weights-refused': (random) => {
    const [how, fault] = one(random, wrongWithWeights);
    const times = random() < 0.5 ? 1 : 2;
    return {
      says: `a cycle's weights are ${how}, ${times === 1 ? 'once' : 'twice'}`,
      lasts: 0,
      strike: async (network) => {
        const { chain } = network;
        await earnWeights(network);
        await chain.goWrong({ path: '/weights', times, ...fault });
        await chain.endCycle();
        await chain.hasGoneWrong(handedInWithin);
      },
      heal: ({ chain }) => chain.goWrong(),
    };
  },
} as const satisfies Record<string, (random: Random) => Drawn>;

/** Has a job be paid with blocks, so that there are weights to hand in: short blocks pay for it, and weights wait for no window. */
async function earnWeights({ chain, services: { validator }, postgres }: FaultNetwork): Promise<void> {
  await validator.command('set_dynamic_config', 'DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER', '10000');
  await validator.command('set_dynamic_config', 'DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED', 'false');
  const began = new Date();
  await chain.makeBlocks(...payingBlocks);
  const paid = () =>
    postgres.query(
      'select from validator.receipt where score > 0 and block_numbers <> $1 and timestamp > $2 limit 1',
      [],
      began,
    );
  while ((await paid()).length === 0 && Date.now() < began.getTime() + paidWithin) await sleep(500);
}
