import { loadSettings, SettingsError } from '@horde/settings';
import { readBy, unknownOf, type Catalogue } from './read-variables.ts';
import { backupFolder, type Role } from './roles.ts';
import { RunnerSettings } from './settings.ts';

type Variables = Record<string, string>;

/** What `.env` asks for, once it has been checked. */
export interface Plan {
  project: string;
  walletFolder: string;
  /** Further folders of the host, and where the service finds them. */
  folders: Variables;
  /** Whether the chain is one of this machine. */
  devnet: boolean;
  /** Whether the service cannot do without its hotkey. */
  needsHotkey: boolean;
  /** Whether a Pylon is started here: another one is used, or none is needed. */
  ownPylon: boolean;
  /** Whether what ComputeHorde's own service has stored is taken over, and has to be before this one starts. */
  takesOver: boolean;
  /** What the files' `${…}` stand for, as far as `.env` says it. */
  filled: Variables;
  /** What the service, and Pylon, get of `.env`. */
  app: Variables;
  pylon: Variables;
  /** What the service reads that nobody may see. */
  secrets: readonly string[];
  /** What was left out, or is other than it says: a sentence each. */
  notes: string[];
}

/** What an address of the service among the containers begins with, as ComputeHorde's files name it. */
const isOf = (service: string, address: string | undefined): boolean =>
  address !== undefined && new RegExp(`^(\\w+://)?([^@/]*@)?${service}(:\\d+)?(/|$)`).test(address);

/**
 * Checks what is in `.env` and says what is to be started for it.
 *
 * @param mountedWallets the folder of the host that the outer file mounts as wallets, where it does
 * @throws SettingsError with a sentence for each variable that is missing or wrong
 */
export function planOf(
  role: Role,
  variables: Variables,
  catalogue: Catalogue,
  mountedWallets: string | null,
): Plan {
  const wrong: string[] = [];
  const notes: string[] = [];
  const has = (name: string) => (variables[name] ?? '') !== '';
  const require = (name: string) => {
    if (!has(name)) wrong.push(`${name} is not set in .env, and it must be.`);
  };

  const project = variables['COMPOSE_PROJECT_NAME'] || role.project;
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project))
    wrong.push(
      `COMPOSE_PROJECT_NAME is "${project}": it may have small letters, digits, - and _, and begins with a letter or digit.`,
    );
  for (const [name, usual] of Object.entries(role.ports)) {
    if (usual === null) require(name);
    const port = Number(variables[name]);
    if (has(name) && !(/^\d+$/.test(variables[name]!) && port >= 1 && port <= 65_535))
      wrong.push(`${name} is "${variables[name]}": it must be a port from 1 to 65535.`);
  }
  const signs = role.name !== 'facilitator';
  for (const name of signs ? ['BITTENSOR_NETUID', 'BITTENSOR_NETWORK'] : ['BITTENSOR_NETUID']) require(name);
  for (const name of signs ? ['BITTENSOR_WALLET_NAME', 'BITTENSOR_WALLET_HOTKEY_NAME'] : []) {
    require(name);
    if (/[/\\\0]/.test(variables[name] ?? '') || /^\.\.?$/.test(variables[name] ?? ''))
      wrong.push(`${name} is "${variables[name]}": it must be the name of a file, not a path.`);
  }
  const walletFolder = variables['HOST_WALLET_DIR'] || mountedWallets || '';
  if (signs && !walletFolder.startsWith('/'))
    wrong.push(
      walletFolder === ''
        ? 'HOST_WALLET_DIR is not set in .env, and no wallets are mounted at /root/.bittensor/wallets.'
        : `HOST_WALLET_DIR is "${walletFolder}": it must be the whole path of a folder of the host.`,
    );
  const folders: Variables = {};
  for (const [name, inside] of Object.entries(role.folders)) {
    const folder = variables[name] ?? '';
    if (folder.startsWith('/')) folders[folder] = inside;
    else if (folder !== '')
      wrong.push(`${name} is "${folder}": it must be the whole path of a folder of the host.`);
  }
  const takeOver = variables['TAKE_OVER'] ?? '';
  if (!['', 'skip'].includes(takeOver))
    wrong.push(`TAKE_OVER is "${takeOver}": it may be skip, or be left out.`);
  if (wrong.length > 0) throw new SettingsError(wrong);

  const isLocal = role.name === 'miner' && loadSettings(RunnerSettings, variables).settings.isLocalMiner;
  const app = appVariables(role, variables, catalogue, notes);
  const ports = Object.entries(role.ports).map(([name, usual]): [string, string] => [
    name,
    variables[name] || (usual ?? ''),
  ]);
  return {
    project,
    walletFolder,
    folders,
    devnet: variables['BITTENSOR_NETWORK'] === 'devnet',
    needsHotkey: signs && !isLocal,
    ownPylon: app['PYLON_ADDRESS'] === undefined && !isLocal,
    takesOver: takeOver !== 'skip',
    filled: {
      SERVICE: role.name,
      APP_PORT: role.port ?? ports[0]![1],
      ...Object.fromEntries(ports),
      BITTENSOR_NETUID: variables['BITTENSOR_NETUID'] ?? '',
      BITTENSOR_NETWORK: variables['BITTENSOR_NETWORK'] || 'finney',
    },
    app,
    pylon: readBy(catalogue, 'pylon', variables),
    secrets: catalogue.secrets[role.name] ?? [],
    notes,
  };
}

/** What the service gets of `.env`. What ComputeHorde's own containers were named there is this project's business. */
function appVariables(role: Role, variables: Variables, catalogue: Catalogue, notes: string[]): Variables {
  const app = readBy(catalogue, role.name, variables);
  if (hasOwnManager(variables)) {
    Object.assign(app, unknownOf(catalogue, variables));
    if (variables['HOST_VENDOR_DIR']) app['VENDOR_DIRECTORY'] ??= role.folders['HOST_VENDOR_DIR']!;
  }
  for (const [name, service] of [
    ['DATABASE_URL', 'db'],
    ['REDIS_URL', 'redis'],
    ['REDIS_HOST', 'redis'],
    ['PYLON_ADDRESS', 'pylon'],
  ] as const)
    if (isOf(service, app[name])) delete app[name];
  // The runner's own business, which .env cannot know.
  for (const name of ['BITTENSOR_WALLET_DIRECTORY', 'LOCAL_RECEIPTS_ROOT', 'RUNNER_NOTE', 'HOST', 'PORT'])
    delete app[name];
  if (app['BACKUP_FOLDER'] !== undefined) app['BACKUP_FOLDER'] = backupFolder;
  if (role.name === 'facilitator' && (app['ACME_DOMAINS'] || app['TLS_CERTIFICATE']))
    app['TLS_PORT'] = '9443';
  else delete app['TLS_PORT'];
  // Where the engine's bridge has another address than most, the miner asks for it.
  if (app['ADDRESS_FOR_EXECUTORS'] === '172.17.0.1') delete app['ADDRESS_FOR_EXECUTORS'];
  // A job that was accepted just before an update is not to be given up by an executor that cannot connect meanwhile.
  if (role.name === 'miner')
    app['MINER_ABSENCE_LIMIT'] ??= String(loadSettings(RunnerSettings, variables).settings.minerAbsence);
  const password = app['DEFAULT_ADMIN_PASSWORD'];
  if (password !== undefined && password.length < 12) {
    delete app['DEFAULT_ADMIN_PASSWORD'];
    notes.push(
      'DEFAULT_ADMIN_PASSWORD has fewer than 12 characters: it is not used, and no account of the panel is made with it.',
    );
  }
  return app;
}

/** Whether the executor manager is the operator's own: it reads variables that nobody else knows. */
export function hasOwnManager({ EXECUTOR_MANAGER_CLASS_PATH: manager = '' }: Variables): boolean {
  return manager.includes(':') && !manager.startsWith('compute_horde_miner.');
}
