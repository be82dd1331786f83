import { open, stat } from 'node:fs/promises';
import os from 'node:os';
import { text as all } from 'node:stream/consumers';
import { fileEnd, loadSettings, secretIn, SettingsError, variablesOf } from '@horde/settings';
import { reasonOf } from '@horde/network';
import { isSecretVariable } from './clean.ts';
import type { SupportFacts } from './facts.ts';
import { reportLines, reportSum, type Finding } from '../report.ts';

type Environment = Record<string, string | undefined>;

/** Variables beside the settings that change how a service runs. */
const others = /^(?:LOG_|OTEL_|NODE_|UV_|HTTPS?_PROXY$|NO_PROXY$|TZ$|LANG$)/i;
/** How long the service may take to answer. @unit ms */
const patience = 5_000;
/** So much of the end of a log is read. @unit bytes */
const maxLog = 32 * 2 ** 20;

/** The machine, and what runs the service. */
export async function machineText(): Promise<string> {
  const [load = 0] = os.loadavg();
  const program = process.argv[1] ?? '';
  const { mtime } = await stat(program);
  return lines({
    program: `${program}, of ${mtime.toISOString()}`,
    node: process.version,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processors: `${os.cpus().length} (load ${load.toFixed(2)})`,
    memory: `${megabytes(os.freemem())} of ${megabytes(os.totalmem())} free`,
    up: `${Math.round(os.uptime() / 60)} min`,
    clock: `${new Date().toISOString()} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`,
  });
}

/** What the service's settings are: secrets as such, and what is wrong with them. */
export function settingsText(facts: SupportFacts, environment: Environment): string {
  const { settings } = facts;
  const known = variablesOf(settings);
  const isSet = (name: string) => [name, `${name}${fileEnd}`].some((one) => (environment[one] ?? '') !== '');
  const passedOn = facts.passedOn?.(environment) ?? [];
  const more = Object.keys(environment).filter(
    (name) => (others.test(name) || passedOn.includes(name)) && !known.includes(name),
  );
  const set = [...known, ...more.toSorted()].filter(isSet);
  const told = set.map((name) => `${name}=${isSecretVariable(name, facts) ? '[secret]' : environment[name]}`);
  const unset = known.filter((name) => !isSet(name));
  return [...told, '', `Not set: ${unset.join(', ')}`, ...problems(settings, environment)].join('\n');
}

function problems(settings: new () => object, environment: Environment): string[] {
  try {
    loadSettings(settings, environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return ['', 'With these it cannot start:', ...error.sentences];
  }
}

export async function doctorText({ doctor }: SupportFacts): Promise<string> {
  if (!doctor) return 'This service has no doctor.';
  const findings: Finding[] = [];
  await doctor((finding) => findings.push(finding));
  return [...findings.map(reportLines), reportSum(findings)].join('\n');
}

export const healthText = (facts: SupportFacts): Promise<string> => answerText(facts.url(), '/health/ready');

export function metricsText(facts: SupportFacts, environment: Environment): Promise<string> {
  const { METRICS_PORT: port, METRICS_HOST: host } = environment;
  const token = secretIn(environment, 'METRICS_TOKEN').trim();
  return answerText(
    !token && port ? `http://${host || '127.0.0.1'}:${port}` : facts.url(),
    '/metrics',
    token,
  );
}

async function answerText(url: string | null, path: string, token?: string): Promise<string> {
  if (url === null) return 'The settings do not say where the service answers.';
  try {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(patience) });
    return `${url}${path} answers ${response.status}:\n\n${await response.text()}`;
  } catch (error) {
    return `${url}${path} does not answer: ${reasonOf(error)}.`;
  }
}

/** The last lines of a log. @param file `-`: standard input */
export async function logText(file: string, most: number): Promise<string> {
  const text = file === '-' ? await all(process.stdin) : await endOf(file);
  return text.trimEnd().split('\n').slice(-most).join('\n');
}

async function endOf(file: string): Promise<string> {
  const log = await open(file);
  try {
    const { size } = await log.stat();
    const { buffer, bytesRead } = await log.read({
      buffer: Buffer.alloc(Math.min(size, maxLog)),
      position: Math.max(0, size - maxLog),
    });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await log.close();
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

const lines = (facts: Record<string, string>): string =>
  Object.entries(facts)
    .map(([name, fact]) => `${name}: ${fact}`)
    .join('\n');
