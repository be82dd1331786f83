import { readFileSync } from 'node:fs';

/**
 * Names this process for as long as the machine is up: `{pid}:{start time in clock ticks since boot}`. Unlike a pid
 * alone it is never given to a second process.
 */
export function processOwner(): string {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The second field, the program's name, may hold blanks and parentheses; the start time is field 22.
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${process.pid}:${afterName[19]}`;
}
