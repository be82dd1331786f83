import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseEnvFile } from '@horde/settings';
import { bundleOf, root } from '../paths.ts';
import { self } from '../program/self.ts';
import { versionText } from '../program/version.ts';
import { UsageError } from '../usage-error.ts';
import { status } from './commands.ts';
import { folderOf, stayingNetwork } from './record.ts';

/** The services that write a part of their own; of the devnet there is its log. */
const services = ['facilitator', 'validator', 'miner'];
const run = promisify(execFile);

interface SupportBundleOptions {
  output?: string;
  /** How many of each log. */
  lines?: string;
}

/** Writes what others need to help with the network of `up`, whether it runs or not, into one archive without secrets. */
export async function supportBundle(
  { output, lines }: SupportBundleOptions,
  say: (line: string) => void,
): Promise<number> {
  const network = folderOf(stayingNetwork);
  if (!existsSync(path.join(network, 'env'))) {
    say(`There has been no network of ${self} up here.`);
    say(`Of a service of your own: ${self} run SERVICE --settings FILE support_bundle --log FILE`);
    return 1;
  }
  const name = `horde-support-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  const archive = path.resolve(output ?? `${name}.tar.gz`);
  const file = await open(archive, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${archive} cannot be written (${error.code}).`);
  });
  await file.close();
  const place = await mkdtemp(path.join(tmpdir(), 'horde-support-'));
  try {
    const folder = path.join(place, name);
    await mkdir(folder, { mode: 0o700 });
    await writeFile(path.join(folder, 'network.txt'), await networkText(), { mode: 0o600 });
    await Promise.all(
      services.map(async (service) => {
        const logs = [service, ...(service === 'facilitator' ? ['devnet'] : [])];
        const words = [
          'support_bundle',
          '--folder',
          path.join(folder, service),
          ...logs.flatMap((log) => ['--log', path.join(network, 'logs', `${log}.log`)]),
          ...(lines === undefined ? [] : ['--lines', lines]),
        ];
        const settings = path.join(network, 'env', service);
        const env = { ...process.env, ...parseEnvFile(await readFile(settings, 'utf8'), settings) };
        await run(process.execPath, [bundleOf(service), ...words], { env }).catch((error: Error) =>
          say(`Of the ${service} there is nothing: ${error.message}`),
        );
      }),
    );
    await run('tar', ['-czf', archive, '-C', place, name]);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
  say(`${archive} has what runs, and of each service machine, settings, database, health, metrics and log.`);
  say('Secrets, queries of URLs, certificates and signatures are left out; addresses and hotkeys are not.');
  say('Look through it before you send it.');
  return 0;
}

async function networkText(): Promise<string> {
  const lines = [versionText(root)];
  await status(false, (line) => void lines.push(line));
  return `${lines.join('\n')}\n`;
}
