import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from '@horde/operations';
import { SettingsError } from '@horde/settings';

/** How long the script may take. @unit ms */
const limit = 600_000;

/**
 * Runs setup.sh of the operator's folder, where it has one, in that folder: it brings what a manager of the operator's
 * own needs. What it prints goes to the log. Variables that it exports are its own.
 *
 * @throws SettingsError when it fails, or takes longer than ten minutes
 */
export async function runVendorSetup(folder: string, logger: Logger): Promise<void> {
  const script = path.join(folder, 'setup.sh');
  if (!existsSync(script)) return;
  logger.info(`${script} is run`);
  const child = spawn('bash', ['setup.sh'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => logger.info(`setup.sh: ${line}`));
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    const how = code === null ? signal : `exit code ${code}`;
    throw new SettingsError([
      `VENDOR_DIRECTORY is "${folder}": its setup.sh failed with ${how}; the log has what it printed.`,
    ]);
  }
}
