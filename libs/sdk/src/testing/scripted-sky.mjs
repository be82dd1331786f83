#!/usr/bin/env node
// SkyPilot's `sky`, and `scp` and `ssh` to its machines, as far as the fallback client calls them: a machine is a folder,
// and its job runs in it when the machine is rented. The machine's port 8000 is the one that its job has written to
// /tmp/port. FAIL=launch or FAIL=ssh has that fail.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';

const [, called, ...args] = process.argv;
const root = process.env.SKY_ROOT;
appendFileSync(path.join(root, 'calls'), `${path.basename(called)} ${args.join(' ')}\n`);
const machine = (name) => path.join(root, name);

function launch() {
  const name = args[args.indexOf('--cluster') + 1];
  const { run, envs, resources } = JSON.parse(readFileSync(args.at(-1), 'utf8'));
  const folder = machine(name);
  mkdirSync(folder);
  writeFileSync(path.join(root, 'resources'), JSON.stringify(resources));
  if (process.env.FAIL === 'launch') {
    process.stderr.write('sky.exceptions.ResourcesUnavailableError: no machine is free\n');
    process.exit(1);
  }
  const script = run.replaceAll(/(?<=[\s'>]|^)\/(?=(volume|output|artifacts|tmp)\b)/gm, `${folder}/`);
  mkdirSync(path.join(folder, 'tmp'));
  writeFileSync(path.join(folder, 'script'), script);
  const thenStatus = 'sh script; [ $? = 0 ] && echo SUCCEEDED >ended || echo FAILED >ended; mv ended status';
  const env = { PATH: process.env.PATH, ...envs };
  const job = spawn('sh', ['-c', thenStatus], { cwd: folder, env, stdio: 'ignore', detached: true });
  writeFileSync(path.join(folder, 'session'), String(job.pid));
  job.unref();
}

/** The statuses are coloured, as SkyPilot's are. */
const coloured = (word) => `\u001b[32m${word}\u001b[0m`;

function status() {
  const rented = readdirSync(root).filter((name) => name.startsWith('horde-'));
  const rows = ['other', ...rented].map(
    (name) => `${name}  now  1x RunPod(...)  ${coloured('UP')}  15m (down)  sky`,
  );
  process.stdout.write(
    `Clusters\nNAME  LAUNCHED  RESOURCES  STATUS  AUTOSTOP  COMMAND\n${rows.join('\n')}\n`,
  );
}

function down() {
  const job = path.join(machine(args[2]), 'session');
  if (existsSync(job)) spawnSync('pkill', ['-s', readFileSync(job, 'utf8')]);
  rmSync(machine(args[2]), { recursive: true, force: true });
}

function ssh() {
  if (process.env.FAIL === 'ssh') {
    process.stderr.write('root@1.2.3.4: Permission denied (publickey).\r\n');
    process.exit(255);
  }
  const [host, remote] = args.slice(-2);
  const [, port] = /^127\.0\.0\.1:(\d+):localhost:8000$/.exec(args[args.indexOf('-L') + 1]);
  const server = createServer((socket) => {
    const file = path.join(machine(host), 'tmp/port');
    if (!existsSync(file)) return void socket.destroy();
    const job = connect(Number(readFileSync(file, 'utf8')), '127.0.0.1');
    for (const [from, to] of [
      [socket, job],
      [job, socket],
    ])
      from.on('error', () => to.destroy()).pipe(to);
  });
  server.listen(Number(port), '127.0.0.1', () => {
    if (remote === 'cat') process.stdin.on('end', () => process.exit(0)).pipe(process.stdout);
  });
}

function queue() {
  const file = path.join(machine(args[1]), 'status');
  const word = coloured(existsSync(file) ? readFileSync(file, 'utf8').trim() : 'RUNNING');
  process.stdout.write(
    `Fetching job queue for: ${args[1]}\nID  NAME  SUBMITTED  STATUS  LOG\n1   -     now        ${word}  ~/sky_logs\n`,
  );
}

if (path.basename(called) === 'scp') {
  const [, name, remote] = /^(.*?):(.*)$/.exec(args[2]);
  cpSync(path.join(machine(name), remote), path.join(args[3], path.basename(remote)), { recursive: true });
} else if (path.basename(called) === 'ssh') ssh();
else if (args[0] === 'launch') launch();
else if (args[0] === 'queue') queue();
else if (args[0] === 'status') status();
else if (args[0] === 'down') down();
