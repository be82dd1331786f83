import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const ticks = 100;

/** What a process has used of processors, itself. @unit ms */
export function processorTime(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Its name, in brackets, may have blanks.
  const [, , , , , , , , , , , user, system] = text.slice(text.lastIndexOf(')') + 1).split(' ');
  return ((Number(user) + Number(system)) / ticks) * 1_000;
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
