import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '@horde/settings';
import { outputOf } from './engine.ts';
import { readEnvFile } from './env-file.ts';
import { readWanted, thisHost, type Host } from './host.ts';
import { idOf } from './images.ts';
import { hasOwnManager } from './plan.ts';
import { isReadBy, unknownOf, type Catalogue } from './read-variables.ts';
import { workFolder } from './project.ts';
import type { Role } from './roles.ts';
import { print } from './say.ts';

type Variables = Record<string, string>;

/** What the services have been started with: only this container sees it. */
const startedFile = path.join(workFolder, 'started.json');

/** Notes that the services are about to be started. */
export const noteStarting = (): Promise<void> => rm(startedFile, { force: true });

/** Until the runner in this container has started the services. @param say what is said where that takes a while */
export async function awaitStarted(say: () => void): Promise<void> {
  if (existsSync(startedFile)) return;
  say();
  while (!existsSync(startedFile)) await sleep(1_000);
}

/** Notes what `.env` said when the services were started. */
export async function noteStarted(variables: Variables): Promise<void> {
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  await writeFile(startedFile, JSON.stringify(variables), { mode: 0o600 });
}

/**
 * Says which variables of `.env` have changed since the services were started, never their values.
 *
 * @returns the exit code: 0 when none has, 1 when some have
 * @throws SettingsError where nothing could be started with what the file says now
 */
export async function pending(role: Role): Promise<number> {
  const host = await thisHost(role);
  const { docker, own } = host;
  const now = await hostsVariables(host);
  const { catalogue } = await readWanted(host, own.Mounts, now);
  const noted = await readFile(startedFile, 'utf8').catch(() => null);
  if (noted === null) {
    print('This container has started nothing yet: its log says why.');
    return 1;
  }
  const started = JSON.parse(noted) as Variables;
  // An update names there what runs already.
  const image = now['RUNNER_IMAGE'];
  if (image && (await idOf(docker, image)) === own.Image) started['RUNNER_IMAGE'] = image;
  const lines = pendingLines(started, now, { role, catalogue });
  for (const line of lines) print(line);
  return lines[0] === nothing ? 0 : 1;
}

const nothing = 'What runs has been started with what .env says.';

/** What is to be said of the variables that were there at the start, and those that are there now. */
export function pendingLines(
  started: Variables,
  now: Variables,
  { role, catalogue }: { role: Role; catalogue: Catalogue },
): string[] {
  const names = [...new Set([...Object.keys(started), ...Object.keys(now)])].toSorted();
  const changed = names.filter((name) => started[name] !== now[name]);
  if (changed.length === 0) return [nothing];
  const width = Math.max(...changed.map(({ length }) => length));
  const unknown = hasOwnManager(now) ? unknownOf(catalogue, now) : {};
  const isRead = (name: string) => name in unknown || isReadBy(role, catalogue, name);
  const rows = changed.map((name) => {
    const how = name in started ? (name in now ? 'changed' : 'removed') : 'added';
    return `  ${name.padEnd(width)}  ${how}${isRead(name) ? '' : ': nothing here reads it'}`;
  });
  return ['Changed in .env, and not in use yet:', ...rows, whatToType(changed, started, role)];
}

function whatToType(changed: string[], started: Variables, { project }: Role): string {
  if (changed.includes('COMPOSE_PROJECT_NAME'))
    return `Another COMPOSE_PROJECT_NAME is another installation: what runs is of ${started['COMPOSE_PROJECT_NAME'] || project}. To give it another name, remove that one first (docker compose down --remove-orphans, with the old name in .env); its volumes keep the old name.`;
  // Compose alone reads it, and then makes this container anew.
  const words = changed.includes('RUNNER_IMAGE') ? 'up -d' : 'restart';
  return `To have that count: docker compose ${words}, in the folder of docker-compose.yml.`;
}

/**
 * What `.env` says on the host. An editor may have put another file in the place of the one that this container sees, which it
 * sees from its next start on: so that a container of its own reads it.
 */
async function hostsVariables({ docker, own, role: { envFile } }: Host): Promise<Variables> {
  const mount = own.Mounts.find(({ Destination }) => Destination === envFile);
  if (!mount) return readEnvFile(envFile);
  const read = await outputOf(docker, own.Image, {
    words: ['cat', '/env'],
    // Unlike a bind of its short form it makes no folder where the file is missing.
    mount: { Type: 'bind', Source: mount.Source, Target: '/env', ReadOnly: true },
  }).catch((error: unknown) => {
    throw new SettingsError([`${mount.Source} cannot be read on the host: ${(error as Error).message}.`]);
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-'));
  try {
    const file = path.join(folder, '.env');
    await writeFile(file, read, { mode: 0o600 });
    return await readEnvFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
