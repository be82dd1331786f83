import { readdirSync, readFileSync } from 'node:fs';

/** One process as the kernel knows it. */
export interface ProcessFacts {
  pid: number;
  group: number;
  /** In clock ticks since the machine was booted: with the pid it names a process for good. */
  startTime: string;
}

/** What the kernel says of a process; null when there is none, or only its remains (a zombie). */
export function processFacts(pid: number): ProcessFacts | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const [state, , group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return null;
  return { pid, group: Number(group), startTime: rest[16]! };
}

/** The processes of a group that still run. */
export function membersOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processFacts(Number(name)))
    .filter((facts) => facts?.group === group)
    .map((facts) => facts!.pid);
}

/** The processes that lead a group and whose environment may be read: those of this user. */
export function groupLeaders(): { facts: ProcessFacts; environment: Record<string, string> }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const facts = processFacts(Number(name));
      if (facts?.group !== Number(name)) return [];
      try {
        const entries = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').filter(Boolean);
        const environment = Object.fromEntries(
          entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
        );
        return [{ facts, environment }];
      } catch {
        return []; // another user's, or gone meanwhile
      }
    });
}

/** Differs after each boot of the machine, and with it every pid's meaning. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Sends a signal to a process or, when negative, to a group. One that has ended is no error. */
export function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
