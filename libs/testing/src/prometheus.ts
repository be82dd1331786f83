import { spawn, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';

const folders = [
  ...(process.env['PATH'] ?? '').split(path.delimiter),
  // Unpacked there by ./horde test: the installed package would start a server.
  path.join(process.env['HORDE_CACHE'] ?? '/var/cache/horde', 'prometheus/usr/bin'),
];
const folder = folders.find((each) =>
  ['prometheus', 'promtool'].every((program) => existsSync(path.join(each, program))),
);

/** Why specs that need Prometheus cannot run here; null where they can. */
export const missingPrometheus = folder
  ? null
  : 'this machine has no prometheus and promtool (the package prometheus)';

/** What promtool says. @throws when it ends with another code than 0, with what it said */
export function promtool(...words: string[]): string {
  try {
    return execFileSync(path.join(folder!, 'promtool'), words, { stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`promtool ${words.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}

export interface RunningPrometheus {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Every series of a query's answer: its labels. */
  query(expression: string): Promise<Record<string, string>[]>;
  /**
   * The same of what it had in between, as a panel of Grafana asks for it.
   *
   * @param options.from ms since 1970
   * @param options.step s
   */
  queryRange(expression: string, options: { from: number; step: number }): Promise<Record<string, string>[]>;
  /** The names of the alerts that fire. */
  firing(): Promise<string[]>;
  stop(): Promise<void>;
}

/**
 * A real server with these files in its folder, of which `prometheus.yml` is one.
 *
 * @param options further ones of its command line
 */
export async function startPrometheus(
  files: Record<string, string>,
  ...options: string[]
): Promise<RunningPrometheus> {
  const place = await mkdtemp(path.join(tmpdir(), 'horde-prometheus-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(place, name), text);
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = spawn(
    path.join(folder!, 'prometheus'),
    [
      `--config.file=${path.join(place, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(place, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      ...options,
    ],
    { cwd: place, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: string[] = [];
  server.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  await Promise.race([
    new Promise<void>((resolve) =>
      server.stderr.on('data', () => said.join('').includes('ready to receive web requests') && resolve()),
    ),
    ended.then(() => {
      throw new Error(`Prometheus has ended:\n${said.join('')}`);
    }),
  ]);
  const ask = async (what: string): Promise<unknown> =>
    ((await (await fetch(`${url}/api/v1/${what}`)).json()) as { data: unknown }).data;
  const series = async (what: string, parameters: Record<string, string>) => {
    const answer = await ask(`${what}?${new URLSearchParams(parameters).toString()}`);
    return (answer as { result: { metric: Record<string, string> }[] }).result.map(({ metric }) => metric);
  };
  return {
    url,
    query: (expression) => series('query', { query: expression }),
    queryRange: (expression, { from, step }) =>
      series('query_range', {
        query: expression,
        start: String(from / 1_000),
        end: String(Date.now() / 1_000),
        step: String(step),
      }),
    async firing() {
      const { alerts } = (await ask('alerts')) as {
        alerts: { state: string; labels: { alertname: string } }[];
      };
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    },
    async stop() {
      server.kill();
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}
