// An executor for the conformance suite: what it does is the first word of its token.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [word, file] = process.env.EXECUTOR_TOKEN.split('|');
const note = (text) => appendFileSync(file, `${text}\n`);

if (word === 'stubborn') process.on('SIGTERM', () => note('SIGTERM'));
if (word === 'polite')
  process.on('SIGTERM', () => {
    note('cleaned up');
    process.exit(0);
  });
if (word === 'parent') {
  const child = spawn(
    process.execPath,
    ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"],
    { stdio: 'ignore' },
  );
  note(`child ${child.pid}`);
}
note(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), environment: process.env }));
if (word === 'exit') process.exit(3);
setInterval(() => {}, 1000);
