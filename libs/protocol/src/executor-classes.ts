/** What an executor class promises about its machines. */
export interface ExecutorClassSpec {
  /** How long an executor of this class may take to start, beyond the network's own limit. @unit seconds */
  spinUpTime: number;
  hasGpu: boolean;
  /** The letter that stands for the class in a manifest on the chain. */
  manifestCode: string;
  description: string;
}

/** The classes of ComputeHorde's network; the keys are the words on the wire. */
export const executorClasses = {
  'spin_up-4min.gpu-24gb': {
    spinUpTime: 240,
    hasGpu: true,
    manifestCode: 'S',
    description: 'a GPU with 24 GB, ready within four minutes',
  },
  'always_on.gpu-24gb': {
    spinUpTime: 3,
    hasGpu: true,
    manifestCode: 'A',
    description: 'a GPU with 24 GB, always ready',
  },
  'always_on.llm.a6000': {
    spinUpTime: 30,
    hasGpu: true,
    manifestCode: 'L',
    description: 'an A6000 GPU with 48 GB',
  },
  'always_on.test': {
    spinUpTime: 3,
    hasGpu: false,
    manifestCode: 'T',
    description: 'any machine, for trying things out',
  },
  'always_on.cpu.8c.16gb': {
    spinUpTime: 30,
    hasGpu: false,
    manifestCode: 'C',
    description: '8 CPU cores and 16 GB of memory, no GPU',
  },
} as const satisfies Record<string, ExecutorClassSpec>;

export type ExecutorClass = keyof typeof executorClasses;
export const ExecutorClass = Object.keys(executorClasses) as ExecutorClass[];
export const defaultExecutorClass: ExecutorClass = 'spin_up-4min.gpu-24gb';

export const isExecutorClass = (word: string): word is ExecutorClass => Object.hasOwn(executorClasses, word);

/**
 * Reads `class=number,class=number`, as ComputeHorde's dynamic settings have it. What cannot be read is passed over; of a
 * class that is named twice the last number counts.
 *
 * @param pair how one is written: its first group is the class, its second the number
 */
export function readPerClass(text: string, pair: RegExp): Map<ExecutorClass, number> {
  const numbers = new Map<ExecutorClass, number>();
  for (const part of text.split(',')) {
    const [, name = '', number = ''] = pair.exec(part) ?? [];
    if (isExecutorClass(name)) numbers.set(name, Number(number));
  }
  return numbers;
}
