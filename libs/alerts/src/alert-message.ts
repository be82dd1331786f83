import { hostname } from 'node:os';
import type { Condition, Sample } from './condition.ts';

/**
 * What is told of a condition. No text of a peer or a user is in it; names are those of executors' hosts in the operator's
 * file, and of the hosts and hotkeys that clocks are compared with.
 */
export interface AlertMessage {
  status: 'firing' | 'over' | 'test';
  alert: string;
  severity: Condition['severity'];
  service: string;
  /** The machine's name. */
  host: string;
  says: string;
  /** What to type next. */
  command: string;
  /** ISO 8601. */
  since: string;
  at: string;
}

interface MessageFacts {
  service: string;
  condition: Pick<Condition, 'name' | 'severity' | 'says' | 'command'>;
  status: AlertMessage['status'];
  /** Both in ms since 1970. */
  since: number;
  now: number;
}

export function messageOf({ service, condition, status, since, now }: MessageFacts): AlertMessage {
  const { name, severity, says, command } = condition;
  return {
    status,
    alert: name,
    severity,
    service,
    host: hostname(),
    says: status === 'over' ? 'It is over.' : says,
    command,
    since: new Date(since).toISOString(),
    at: new Date(now).toISOString(),
  };
}

/** The sentence with what it is about: the worst value, and the labels of all. @param samples the worst first */
export function saysOf(says: string, samples: Sample[], unit: string | undefined): string {
  return says.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === 'value'
      ? inWords(samples[0]?.value ?? 0, unit)
      : [...new Set(samples.map(({ labels }) => labels[name]))].join(', '),
  );
}

/** As people read it, in one line. */
export function sentenceOf({ status, alert, service, host, says, command, since, at }: AlertMessage): string {
  const where = `[${service} on ${host}]`;
  const lasted = inWords((Date.parse(at) - Date.parse(since)) / 1_000, 'seconds');
  if (status === 'over') return `${where} Over after ${lasted}: ${alert}.`;
  return `${where} ${alert}: ${says} Next: ${command}`;
}

/** A value with its unit. */
function inWords(value: number, unit: string | undefined): string {
  if (unit === 'ratio') return `${Math.round(value * 100)} %`;
  if (unit !== 'seconds') return String(Math.round(value * 100) / 100);
  const size = Math.abs(value);
  if (size < 120) return `${Math.round(value)} s`;
  if (size < 7_200) return `${Math.round(value / 60)} min`;
  return size < 172_800 ? `${Math.round(value / 3_600)} h` : `${Math.round(value / 86_400)} days`;
}
