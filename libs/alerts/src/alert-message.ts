import { hostname } from 'node:os';
import type { Condition } from './condition.ts';

/** What is told of a condition. Nothing in it comes from a peer, a user or a setting. */
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
  /** In words. */
  value: string;
  status: AlertMessage['status'];
  /** Both in ms since 1970. */
  since: number;
  now: number;
}

export function messageOf({ service, condition, value, status, since, now }: MessageFacts): AlertMessage {
  const { name, severity, says, command } = condition;
  return {
    status,
    alert: name,
    severity,
    service,
    host: hostname(),
    says: status === 'over' ? 'It is over.' : says.replace('{value}', value),
    command,
    since: new Date(since).toISOString(),
    at: new Date(now).toISOString(),
  };
}

/** As people read it, in one line. */
export function sentenceOf({ status, alert, service, host, says, command, since, at }: AlertMessage): string {
  const where = `[${service} on ${host}]`;
  const lasted = inWords((Date.parse(at) - Date.parse(since)) / 1_000, 'seconds');
  if (status === 'over') return `${where} Over after ${lasted}: ${alert}.`;
  return `${where} ${alert}: ${says} Next: ${command}`;
}

/** A value with its unit. */
export function inWords(value: number, unit: string | undefined): string {
  if (unit === 'ratio') return `${Math.round(value * 100)} %`;
  if (unit !== 'seconds') return String(Math.round(value * 100) / 100);
  const size = Math.abs(value);
  if (size < 120) return `${Math.round(value)} s`;
  if (size < 7_200) return `${Math.round(value / 60)} min`;
  return size < 172_800 ? `${Math.round(value / 3_600)} h` : `${Math.round(value / 86_400)} days`;
}
