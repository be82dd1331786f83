import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureHotkey, walletHotkeyPath } from '@horde/identity';
import type { Profile } from '../profiles/config-file.ts';

/** The services that have a database, an account at Redis and a secret for each. */
const services = ['facilitator', 'validator', 'miner', 'devnet'] as const;
/** Those of them with a panel. */
const panels: readonly string[] = ['facilitator', 'validator', 'miner'];
/** Those who sign. */
const signers = ['user', 'validator', 'miner'] as const;

/** Whose files a folder holds, as its container runs: the numbers that the images know them by. */
const owners: Record<string, number> = {
  postgres: 999,
  redis: 999,
  facilitator: 1000,
  validator: 1000,
  // For the engine's socket.
  miner: 0,
  devnet: 1000,
  user: 1000,
};

const hotkeyName = 'default';

/**
 * Makes what the containers of docker-compose.yml may know, each in a folder of its own below `root`: what is there stays
 * as it is. Passwords and tokens are made of 24 random bytes.
 */
export async function makeSecrets(root: string): Promise<void> {
  for (const name of Object.keys(owners)) {
    await mkdir(path.join(root, name), { recursive: true });
    await chmod(path.join(root, name), 0o700);
  }
  const hotkeys = await wallets(root);
  const passwords = await each(services, (name) => kept(root, name, 'password'));
  const tokens = await each(['validator', 'miner'] as const, (name) => kept(root, name, 'pylon-token'));

  await put(root, 'postgres', 'roles.sql', rolesSql(passwords));
  await kept(root, 'postgres', 'password');
  await put(root, 'redis', 'redis.conf', redisConf(passwords, await kept(root, 'redis', 'password')));
  for (const name of services) {
    const isPanel = panels.includes(name);
    const lines = {
      DATABASE_URL: `postgres://${name}:${passwords[name]}@postgres:5432/${name}`,
      ...(isPanel && {
        REDIS_URL: `redis://${name}:${passwords[name]}@redis:6379/0`,
        METRICS_TOKEN: await kept(root, name, 'metrics-token'),
        DEFAULT_ADMIN_PASSWORD: await kept(root, name, 'panel-password'),
      }),
      ...(name === 'facilitator' && { SECRET_KEY: await kept(root, name, 'secret-key') }),
      ...((name === 'validator' || name === 'miner') && { PYLON_IDENTITY_TOKEN: tokens[name] }),
    };
    await put(root, name, 'env', envFile(lines));
  }
  for (const name of ['facilitator', 'validator'] as const)
    await put(root, name, 'user-hotkey', `${hotkeys.user}\n`);
  await put(root, 'devnet', 'subnet.json', subnetJson(hotkeys, tokens));
  await putProfile(root, hotkeys.validator);
}

/** The wallets, each where its owner alone sees it. @returns their addresses */
async function wallets(root: string): Promise<Record<(typeof signers)[number], string>> {
  return each(signers, async (wallet) => {
    const directory = path.join(root, wallet, 'wallets');
    const file = walletHotkeyPath({ directory, wallet, hotkey: hotkeyName });
    const { address } = await ensureHotkey(file);
    for (let place = file; place !== path.join(root, wallet); place = path.dirname(place))
      await chown(place, owners[wallet]!, owners[wallet]!);
    return address;
  });
}

async function each<K extends string, V>(
  names: readonly K[],
  make: (name: K) => Promise<V>,
): Promise<Record<K, V>> {
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await make(name)] as const)),
  ) as Record<K, V>;
}

/** A secret in a file of its own; made where it is not there yet. */
async function kept(root: string, name: string, file: string): Promise<string> {
  const known = await readIfThere(path.join(root, name, file));
  if (known) return known.trim();
  const made = randomBytes(24).toString('base64url');
  await put(root, name, file, `${made}\n`);
  return made;
}

const readIfThere = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });

/** Whole or not at all, for its owner alone. */
async function put(root: string, name: string, file: string, text: string): Promise<void> {
  const place = path.join(root, name, file);
  await writeFile(`${place}.new`, text, { mode: 0o600 });
  await chown(`${place}.new`, owners[name]!, owners[name]!);
  await rename(`${place}.new`, place);
  await chown(path.join(root, name), owners[name]!, owners[name]!);
}

/** What the user's command need not be told; it may be changed by the user. */
async function putProfile(root: string, validator: string): Promise<void> {
  const file = 'config/horde/config.json';
  if (await readIfThere(path.join(root, 'user', file))) return;
  const compose: Profile = {
    facilitator: 'http://facilitator:9000/',
    walletDirectory: '/secrets/wallets',
    wallet: 'user',
    hotkey: hotkeyName,
    validator,
    executorClass: 'always_on.test',
  };
  for (const folder of ['config', 'config/horde']) {
    await mkdir(path.join(root, 'user', folder), { recursive: true, mode: 0o700 });
    await chown(path.join(root, 'user', folder), owners['user']!, owners['user']!);
  }
  await put(
    root,
    'user',
    file,
    `${JSON.stringify({ current: 'compose', profiles: { compose } }, null, 2)}\n`,
  );
}

const envFile = (lines: Record<string, string>): string =>
  Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** A statement a line, as Postgres takes them in single-user mode, too. */
const rolesSql = (passwords: Record<string, string>): string =>
  Object.entries(passwords)
    .map(
      ([name, password]) =>
        `CREATE ROLE ${name} LOGIN PASSWORD '${password}';\nCREATE DATABASE ${name} OWNER ${name};\n` +
        `REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;\n`,
    )
    .join('');

/** Each service has an account that sees its own queues alone; whoever has none gets no further than to log in. */
const redisConf = (passwords: Record<string, string>, own: string): string =>
  [
    'appendonly yes',
    'dir /data',
    // A queue must never lose entries to make room.
    'maxmemory-policy noeviction',
    `user default on >${own} nocommands +ping +info`,
    ...panels.map(
      (name) =>
        `user ${name} on >${passwords[name]} ~horde-${name}:* &* +@all -@dangerous +info +client +keys +sort`,
    ),
    '',
  ].join('\n');

function subnetJson(
  hotkeys: Record<(typeof signers)[number], string>,
  tokens: Record<'validator' | 'miner', string>,
): string {
  const neurons = {
    [hotkeys.validator]: { stake: 10_000, validator_permit: true },
    [hotkeys.miner]: { stake: 0, validator_permit: false },
  };
  const identities = {
    validator: { hotkey: hotkeys.validator, token: tokens.validator },
    miner: { hotkey: hotkeys.miner, token: tokens.miner },
  };
  return `${JSON.stringify({ neurons, identities }, null, 2)}\n`;
}
