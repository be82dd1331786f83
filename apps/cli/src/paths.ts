import path from 'node:path';

/** The checkout that `./horde` belongs to; tests and demos run from anywhere. */
export const root = process.env['HORDE_ROOT'] ?? path.resolve(import.meta.dirname, '../../..');

const isRoot = process.getuid?.() === 0;
const home = process.env['HOME'] ?? '/';

/**
 * Where networks and keys are kept. Under root it is not below /root, because Postgres runs as a user of its own that
 * could not reach it there. HORDE_DATA overrides it.
 */
export const dataFolder = path.resolve(
  process.env['HORDE_DATA'] ||
    (isRoot
      ? '/var/lib/horde'
      : path.join(process.env['XDG_DATA_HOME'] || path.join(home, '.local/share'), 'horde')),
);

export const networksFolder = path.join(dataFolder, 'networks');
export const walletsFolder = path.join(dataFolder, 'wallets');

/** The bundle of an app. */
export const bundleOf = (app: string): string => path.join(root, 'apps', app, 'dist/main.mjs');
