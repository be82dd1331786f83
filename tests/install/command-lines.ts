import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of this machine, and of servers on it, as long as something else is done. */
export async function commandLinesDuring<T>(work: () => Promise<T>): Promise<[T, string]> {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        // It has ended.
      }
  };
  const timer = setInterval(look, 100);
  try {
    return [await work(), [...seen].join('\n')];
  } finally {
    clearInterval(timer);
  }
}
