import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '@horde/testing/horde';

/** README's first example: what its reader types, and what is then seen. */
export interface Example {
  command: string;
  /** What the job prints, with any figures, and any lines in place of an ellipsis. */
  printed: RegExp;
  /** What is told beside it, without what is waited for: where there is no terminal that has lines, too. */
  told: RegExp;
}

export async function firstExample(): Promise<Example> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, command, shown] = /^\$ (\.\/horde jobs run .*)\n([^`]*)\n```/m.exec(readme)!;
  const lines = shown!.split('\n');
  const isTold = (line: string) => /^job | s {2}\w+$/.test(line);
  return {
    command: command!,
    printed: patternOf(lines.filter((line) => !isTold(line))),
    told: patternOf(lines.filter(isTold)),
  };
}

const patternOf = (lines: string[]): RegExp => new RegExp(`^${lines.map(lineOf).join('')}$`);

function lineOf(line: string): string {
  if (line.trim() === '…') return '[\\s\\S]*';
  if (line.startsWith('job ')) return 'job [0-9a-f-]{36}\\n';
  const [, text] = /^ *[\d.]+(.*)$/.exec(line)!;
  return ` *[\\d.]+${text!.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`;
}
