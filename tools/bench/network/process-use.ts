import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const ticks = 100;

/** What a process has used of processors, itself. @unit ms */
export const processorTime = (pid: number): number => used(pid, 2);

/** What a process and its children have used, with those that are gone. @unit ms */
export function processorTimeOfAll(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.reduce((total, child) => total + processorTime(Number(child)), used(pid, 4));
}

/** Who has started a process. */
export const parentOf = (pid: number): number => Number(fieldsOf(pid)[1]);

/** @param parts 2: what it has used itself; 4: and its children that are gone */
function used(pid: number, parts: 2 | 4): number {
  const spent = fieldsOf(pid)
    .slice(11, 11 + parts)
    .reduce((total, part) => total + Number(part), 0);
  return (spent / ticks) * 1_000;
}

/** From its state on: its name before that, in brackets, may have blanks. */
function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** @unit MB; 0 for a process that is gone */
export function residentMemory(pid: number): number {
  try {
    const found = /^VmRSS:\s+(?<kilobytes>\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (Number(found?.groups?.['kilobytes'] ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
