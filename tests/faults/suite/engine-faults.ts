import { one, seconds, type Drawn, type Random } from './draws.ts';

/** The kinds of faults of the network's own Docker engine, and how one of each is drawn. */
export const engineKinds = {
  'engine-away': (random) => {
    const [how, signal] = one(random, [
      ['stopped', 'SIGTERM'],
      ['killed', 'SIGKILL'],
    ] as const);
    const lasts = Math.round(random() * 8_000);
    return {
      says: `it is ${how} with its containers, away for ${seconds(lasts)}`,
      lasts,
      strike: ({ machine }) => machine.engine!.stop(signal),
      heal: ({ machine }) => machine.engine!.startAgain(),
    };
  },
  'create-answer-lost': (random) => {
    const lasts = Math.round(4_000 + random() * 8_000);
    return {
      says: 'a container is made, and nobody hears of it',
      lasts,
      strike: ({ machine }) => machine.engine!.loseAnswerToCreation(),
      heal: ({ machine }) => machine.engine!.link.heal(),
    };
  },
  'engine-slow': (random) => {
    const delay = Math.round(100 + random() * 1_500);
    const lasts = Math.round(4_000 + random() * 8_000);
    return {
      says: `${delay} ms more for each answer, for ${seconds(lasts)}`,
      lasts,
      strike: ({ machine }) => machine.engine!.link.set('back', { delay }),
      heal: ({ machine }) => machine.engine!.link.heal(),
    };
  },
  'image-gone': (random) => {
    const lasts = Math.round(2_000 + random() * 8_000);
    return {
      says: `jobs' image is removed, and cannot be pulled for ${seconds(lasts)}`,
      lasts,
      strike: ({ machine }) => machine.engine!.removeImage(),
      heal: ({ machine }) => machine.engine!.bringImage(),
    };
  },
} as const satisfies Record<string, (random: Random) => Drawn>;
