import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SettingsError } from '@horde/settings';
import { Compose, ComposeFailed } from './compose.ts';

/**
 * Reads a file of variables exactly as Compose reads an `env_file`, by asking Compose: with its quotes, comments, lines of
 * Windows, `$NAME` of lines before. Variables that nobody knows are among them.
 *
 * @param program where Compose is
 * @throws SettingsError with a sentence that names the line, never what is in it
 */
export async function readEnvFile(file: string, program?: string): Promise<Record<string, string>> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile())
    throw new SettingsError([
      `There is no file ${file}${found?.isDirectory() ? ', but a folder: Docker makes one where a mount names a file that is not there' : ''}. Write .env beside docker-compose.yml, and start this container anew.`,
    ]);
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-'));
  try {
    const asking = path.join(folder, 'docker-compose.json');
    await writeFile(asking, JSON.stringify({ services: { it: { image: 'none', env_file: [file] } } }));
    const compose = new Compose({ files: [asking], project: 'env', program });
    const { services } = JSON.parse(await compose.run('config', '--format', 'json')) as {
      services: { it: { environment?: Record<string, string | null> } };
    };
    const given = Object.entries(services.it.environment ?? {});
    // It writes them as a compose file would have them.
    return Object.fromEntries(given.map(([name, value]) => [name, (value ?? '').replaceAll('$$', '$')]));
  } catch (error) {
    if (!(error instanceof ComposeFailed)) throw error;
    throw new SettingsError([sentence(error.said)]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Compose shows what it cannot read, which may be a secret. */
function sentence(said: string): string {
  const line = /line (\d+)/.exec(said)?.[1];
  const where = line === undefined ? '.env cannot be read' : `Line ${line} of .env cannot be read`;
  // It says where it gave up, not where the quote is.
  if (said.includes('unterminated quoted value'))
    return `.env has a quote that is not closed, before its line ${Number(line)}.`;
  const missing = /required variable (\w+)/.exec(said)?.[1];
  if (missing) return `.env asks for the variable ${missing}, which is not set in it before.`;
  return `${where}: it is not NAME=value. A name has letters, digits and underscores; there is no blank in it.`;
}
