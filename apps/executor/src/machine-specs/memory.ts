/** @unit KiB */
export interface MemoryFacts {
  available: number;
  free: number;
  total: number;
  used: number;
}

/**
 * Reads the text of /proc/meminfo. `used` is what is not free, caches included, as ComputeHorde counts it.
 *
 * @throws Error when it does not tell the memory
 */
export function parseMemInfo(text: string): MemoryFacts {
  const field = (name: string) => {
    const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return value === undefined ? null : Number(value);
  };
  const total = field('MemTotal');
  const free = field('MemFree');
  if (total === null || free === null) throw new Error('/proc/meminfo does not tell the memory.');
  // Kernels before 3.14 do not say what is available.
  return { available: field('MemAvailable') ?? free, free, total, used: total - free };
}
