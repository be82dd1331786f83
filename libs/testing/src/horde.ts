import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import Docker from 'dockerode';

export const root = path.resolve(import.meta.dirname, '../../..');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves when a line of its standard output matches. Rejects when it ends without one. */
  line(pattern: RegExp): Promise<string>;
  finished: Promise<Finished>;
}

/** A data folder of its own, so that a spec sees only what it has left itself. */
export async function newDataFolder(): Promise<string> {
  const base =
    process.getuid?.() === 0 ? '/var/lib/horde' : path.join(process.env['HOME']!, '.local/share/horde');
  const folder = path.join(base, `e2e-${randomBytes(4).toString('hex')}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return folder;
}

export const removeDataFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true });

/** Starts the CLI as `./horde` does once the machine is prepared. */
export function startHorde(args: string[], dataFolder: string, environment: NodeJS.ProcessEnv = {}): Running {
  const { TEST_POSTGRES_URL: _url, ...inherited } = process.env;
  const child = spawn(process.execPath, [path.join(root, 'apps/cli/dist/main.mjs'), ...args], {
    env: {
      ...inherited,
      HORDE_ROOT: root,
      HORDE_DATA: dataFolder,
      HORDE_SELF: '',
      XDG_CONFIG_HOME: dataFolder,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  let look: () => void = () => undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
      look();
    });
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      look = () => {
        const found = stdout.split('\n').find((text) => pattern.test(text));
        if (found !== undefined) resolve(found);
        else if (child.exitCode !== null)
          reject(new Error(`It ended without a line like ${pattern}:\n${stdout}\n${stderr}`));
      };
      look();
    });
  return { child, line, finished };
}

export const horde = (
  args: string[],
  dataFolder: string,
  environment?: NodeJS.ProcessEnv,
): Promise<Finished> => startHorde(args, dataFolder, environment).finished;

/** Everything that a network may leave on this machine, as sentences; empty when there is nothing. */
export async function leftovers(dataFolder: string): Promise<string[]> {
  const networks = await readdir(path.join(dataFolder, 'networks')).catch(() => []);
  const processes: string[] = [];
  for (const pid of (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (environment.includes(`HORDE_DATA=${dataFolder}`) || command.includes(dataFolder))
      processes.push(command);
    else if (/HORDE_NETWORK=demo-/.test(environment) && environment.includes(dataFolder))
      processes.push(command);
  }
  return [
    ...networks.map((id) => `network folder ${id}`),
    ...processes.map((command) => `process ${command}`),
  ];
}

/** The containers of jobs of a network. */
export async function containersOf(network: string): Promise<string[]> {
  const found = await new Docker().listContainers({
    all: true,
    filters: { label: [`horde.network=${network}`] },
  });
  return found.map(({ Names }) => Names.join());
}

/** The objects that `--json` prints last. */
export const lastJson = ({ stdout }: Finished): unknown => JSON.parse(stdout.trim().split('\n').at(-1)!);
