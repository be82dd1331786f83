// An executor for the conformance suite: what it does is the first word of its token. In a container (with the engine's
// socket, and told an image) what it starts is a container, named as an executor names its job's; else a process.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import http from 'node:http';

const token = process.env.EXECUTOR_TOKEN;
const [word] = token.split('-');
const note = (text) =>
  appendFileSync(`${process.env.HORDE_NOTES ?? '/tmp/horde-scripted'}/${token}`, `${text}\n`);

if (word === 'stubborn') process.on('SIGTERM', () => note('SIGTERM'));
if (word === 'polite') {
  process.on('SIGTERM', () => {
    note('cleaned up');
    process.exit(0);
  });
}
if (word === 'parent') await (process.env.JOB_IMAGE ? startContainer() : startProcess());
note(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), environment: process.env }));
if (word === 'exit') process.exit(3);
if (word === 'brief') setTimeout(() => process.exit(7), 4_000);
setInterval(() => {}, 1000);

function startProcess() {
  const code = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
  note(`child ${child.pid}`);
}

async function startContainer() {
  const Image = process.env.JOB_IMAGE;
  const job = { Image, Entrypoint: [], Cmd: ['sh', '-c', 'trap "" TERM; sleep 600 & wait; wait'] };
  const { Id } = await engine(`/containers/create?name=ch-${token}-job`, job);
  await engine(`/containers/${Id}/start`);
  await engine('/networks/create', { Name: `ch-${token}`, Internal: true });
}

function engine(path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const options = { socketPath: '/var/run/docker.sock', path, method: 'POST', headers };
    const request = http.request(options, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () =>
        answer.statusCode < 300 ? resolve(text && JSON.parse(text)) : reject(new Error(text)),
      );
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}
