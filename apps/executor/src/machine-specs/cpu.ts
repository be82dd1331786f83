/** The processor, as far as /proc/cpuinfo tells it. */
export interface CpuFacts {
  count: number;
  /** Null on processors whose kernel does not name them, such as arm64. */
  model: string | null;
  /** One for each logical core that tells it. @unit MHz */
  clocks: number[];
  /** Whether the processor says that it is a virtual one; null: it does not say. */
  virtual: boolean | null;
}

/** Reads the text of /proc/cpuinfo. */
export function parseCpuInfo(text: string): CpuFacts {
  const all = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}[ \\t]*:[ \\t]*(.*)$`, 'gm'))].map(([, value]) => value!.trim());
  const flags = all('flags')[0];
  return {
    count: all('processor').filter((value) => /^\d+$/.test(value)).length,
    model: all('model name')[0] || null,
    clocks: all('cpu MHz').map(Number).filter(Number.isFinite),
    virtual: flags === undefined ? null : flags.split(' ').includes('hypervisor'),
  };
}
