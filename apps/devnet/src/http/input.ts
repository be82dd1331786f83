import { isIP } from 'node:net';
import { BadRequestException } from '@nestjs/common';
import { isSs58, ss58Decode, ss58Encode } from '@horde/identity';
import type { Hyperparameters } from '../ledger/state.ts';

type Fields = Record<string, unknown>;

/** The body as an object with no other fields than these. @throws BadRequestException with one sentence, as all below */
export function readBody(body: unknown, known: string[]): Fields {
  const fields = readObject(body);
  refuseOthers(fields, known, 'The body');
  return fields;
}

/** The body as an object. */
export function readObject(body: unknown): Fields {
  if (isObject(body)) return body;
  throw new BadRequestException('The body must be a JSON object (Content-Type: application/json).');
}

/** A Bittensor address: one key has exactly one. */
export function readHotkey(value: unknown, what: string): string {
  if (typeof value === 'string' && isSs58(value) && ss58Encode(ss58Decode(value)) === value) return value;
  throw new BadRequestException(
    `${what} must be a Bittensor address: ss58, 48 characters that begin with 5.`,
  );
}

/** A block's number in a path. */
export function readBlockNumber(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new BadRequestException('A block is a number of at most 15 digits, or "latest" or "recent".');
}

export function readAmount(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new BadRequestException(`${what} must be a number of at least 0.`);
}

export function readFlag(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new BadRequestException(`${what} must be true or false.`);
}

export function readAxon(value: unknown): { ip: string; port: number } | null {
  if (value === null) return null;
  if (!isObject(value)) throw new BadRequestException('axon must be {"ip", "port"}, or null for none.');
  refuseOthers(value, ['ip', 'port'], 'axon');
  const { ip, port } = value;
  if (typeof ip !== 'string' || isIP(ip) === 0 || ip.includes('%') || /^[0.:]+$/.test(ip)) {
    throw new BadRequestException('axon.ip must be an IPv4 or IPv6 address that others can reach.');
  }
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65_535) {
    throw new BadRequestException('axon.port must be a whole number from 1 to 65535.');
  }
  return { ip, port: port as number };
}

export function readIdentityName(value: string): string {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value)) return value;
  throw new BadRequestException(
    'An identity is named by a letter and at most 63 more letters, digits, "_" or "-".',
  );
}

export function readToken(value: unknown): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= 1024) return value;
  throw new BadRequestException('token must be text of 1 to 1024 characters.');
}

/** What is committed, from hex with or without 0x. */
export function readCommitment(value: unknown, limit: number): Buffer {
  if (typeof value !== 'string' || !/^(?:0x)?(?:[0-9a-f]{2})+$/i.test(value)) {
    throw new BadRequestException('commitment must be hex, at least one byte.');
  }
  const data = Buffer.from(value.replace(/^0x/, ''), 'hex');
  if (data.length > limit) {
    throw new BadRequestException(`commitment must have at most ${limit} bytes, and it has ${data.length}.`);
  }
  return data;
}

/** `{hotkey: number}`, at least one. */
export function readWeights(value: unknown): Map<string, number> {
  if (!isObject(value)) throw new BadRequestException('weights must be an object of hotkeys and numbers.');
  const weights = Object.entries(value);
  if (weights.length === 0) throw new BadRequestException('weights must not be empty.');
  return new Map(
    weights.map(([hotkey, weight]) => [
      readHotkey(hotkey, 'Each name in weights'),
      readAmount(weight, `The weight of ${hotkey}`),
    ]),
  );
}

/** Those that are to be changed. */
export function readHyperparameters(body: unknown): Partial<Hyperparameters> {
  const known = {
    tempo: (value: unknown) => readCount(value, 'tempo', 1, 65_535),
    min_allowed_weights: (value: unknown) => readCount(value, 'min_allowed_weights', 0, 65_535),
    max_weight_limit: (value: unknown) => readCount(value, 'max_weight_limit', 0, 65_535),
    commit_reveal_enabled: (value: unknown) => readFlag(value, 'commit_reveal_enabled'),
    commit_reveal_period: (value: unknown) => readCount(value, 'commit_reveal_period', 1, 100),
  };
  const fields = Object.entries(readBody(body, Object.keys(known)));
  return Object.fromEntries(fields.map(([name, value]) => [name, known[name as keyof typeof known](value)]));
}

/** A whole number within bounds. */
export function readCount(value: unknown, what: string, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new BadRequestException(`${what} must be a whole number from ${min} to ${max}.`);
}

/** A time in seconds, to the millisecond, within bounds. @returns ms */
export function readSeconds(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return Math.round(value * 1000);
  throw new BadRequestException(`${what} must be a number of seconds from ${min} to ${max}.`);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseOthers(fields: Fields, known: string[], what: string): void {
  const other = Object.keys(fields).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new BadRequestException(
      `${what} has a field ${JSON.stringify(other.slice(0, 64))}, which is none of ${known.join(', ')}.`,
    );
  }
}
