import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { runCommand, type CommandProgram } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { describe, expect, it } from 'vitest';
import { root } from '@horde/testing/horde';
import { facilitatorProgram } from '../../apps/facilitator/src/commands/program.ts';
import { minerProgram } from '../../apps/miner/src/commands/program.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';

const documents = globSync(['*.md', '{docs,examples,tests,envs}/**/*.md'], { cwd: root });

/** What a document shows to be typed: the lines of its code blocks, and the spans of code in its text. */
function codeOf(document: string): string[] {
  const text = readFileSync(path.join(root, document), 'utf8');
  const blocks = [...text.matchAll(/^```[^\n]*\n(.*?)^```/gms)].map(([, block]) => block!);
  const spans = [...text.replaceAll(/^```[^\n]*\n.*?^```/gms, '').matchAll(/`([^`]+)`/g)];
  return [
    ...blocks.flatMap((block) => block.split('\n')),
    ...spans.map(([, span]) => span!.replaceAll('\n', ' ')),
  ];
}

/** `./horde` with its words, as far as it is typed and not explained. */
const hordeCommands = (line: string): string[][] =>
  [...line.matchAll(/\.\/horde((?: +[^\s;|&()#]+)*)/g)].map(([, words]) => words!.trim().split(/ +/));

const lines = documents.flatMap((document) => codeOf(document).map((line) => ({ document, line })));
const typed = lines.flatMap(({ document, line }) =>
  hordeCommands(line).map((words) => ({ document, words })),
);
const inWords = (words: string[]) => words.join(' ');

/** Commands that have commands of their own. */
const groups = ['jobs', 'keys', 'panel', 'validators'];

/** What is asked for help: the command; of a group its own; of `run` also the service, and the service's own command. */
function subjectOf(words: string[]): string {
  const count = words[0] === 'run' ? 3 : groups.includes(words[0]!) ? 2 : 1;
  const end = words.findIndex((word) => !/^[a-z][a-z_-]*$/.test(word));
  return inWords(words.slice(0, Math.min(count, end === -1 ? words.length : end)));
}
const subjects = [...new Set(typed.map(({ words }) => subjectOf(words)))]

  .filter((subject) => subject !== '' && subject !== 'help')
  .sort();

const programs: Record<string, CommandProgram> = {
  facilitator: facilitatorProgram,
  miner: minerProgram,
  validator: validatorProgram,
};
const logger = createLogger('documents');
logger.level = 'silent';

/** A service's commands are asked in this process: there are many, and a process takes a second to start. */
async function helpOf(subject: string): Promise<string> {
  const words = [...subject.split(' '), '--help'];
  const program = words[0] === 'run' ? programs[words[1]!] : undefined;
  if (!program) return (await promisify(execFile)(path.join(root, 'horde'), words, { cwd: root })).stdout;
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const context = new program.context({}, print, logger, new AbortController().signal);
  expect(await runCommand(program, words.slice(2), context, print)).toBe(0);
  return printed.join('\n');
}

describe('a command in the documents', () => {
  it.each(subjects)(
    './horde %s exists, answers --help and knows the options that are shown with it',
    async (subject) => {
      const help = await helpOf(subject);
      expect(help).toMatch(/^Usage: /);
      const shown = typed.filter(
        ({ words }) => subjectOf(words) === subject && !['exec', 'vitest', 'compose'].includes(words[0]!),
      );
      for (const option of shown.flatMap(({ words }) => words.filter((word) => word.startsWith('--'))))
        expect(help).toContain(option.replace(/[=\]].*/, ''));
    },
  );

  it('names benches, images, checks and folders that exist', () => {
    const missing = typed.filter(({ words: [command, ...words] }) => {
      const names = words.filter((word) => /^[a-z]/.test(word));
      if (command === 'bench')
        return !names.every(
          (name) => name === 'all' || existsSync(path.join(root, `tools/bench/${name}.ts`)),
        );
      if (command === 'image')
        return !names.every(
          (name) =>
            name === 'all' ||
            name === 'bundle' ||
            existsSync(path.join(root, `envs/${name.replace(/-runner$/, '/runner')}/Dockerfile`)),
        );
      if (command === 'vitest')
        return !names.every((name) => name === 'run' || existsSync(path.join(root, name)));
      return false;
    });
    expect(missing).toEqual([]);
  });

  it('needs nothing of the machine but ./horde: its own Node and npm may be too old, or not there', () => {
    expect(lines.filter(({ line }) => /^(npx|node|nx|npm (run|ci|test|exec)) /.test(line))).toEqual([]);
  });
});
