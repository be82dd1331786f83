import type { MinerSettings } from '../settings.ts';

/** Every address of the machine: where a miner listens that is told no other. */
const everywhere = ['0.0.0.0', '::', ''];

/** Where the miner with these settings is for programs of its own machine: `127.0.0.1:8000`. */
export function ownAddress({ host, port }: MinerSettings): string {
  return hostAndPort(everywhere.includes(host) ? '127.0.0.1' : host, port);
}

/** As it stands in a URL. */
export const hostAndPort = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** How long a miner may take to tell its version. @unit ms */
const patience = 5_000;

/**
 * Asks whoever is at this address for the miner's version.
 *
 * @param address `host:port`
 * @throws Error with a sentence when nothing answers, or something else than a miner
 */
export async function minerVersionAt(address: string, signal?: AbortSignal): Promise<string> {
  const url = `http://${address}/version`;
  const limits = [AbortSignal.timeout(patience), ...(signal ? [signal] : [])];
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.any(limits) });
  const text = await answer.text();
  const version = answer.status === 200 ? versionIn(text) : null;
  if (version === null) throw new Error(`${url} answers with ${answer.status}, and not as a miner does`);
  return version;
}

function versionIn(text: string): string | null {
  try {
    const { miner_version: version } = JSON.parse(text) as { miner_version?: unknown };
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
