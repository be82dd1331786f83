import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A frame of a recorded conversation. */
export interface RecordedFrame {
  scenario: string;
  from: string;
  /** Its exact characters. */
  text: string;
}

/** A recorded request and its answer. */
export interface RecordedExchange {
  scenario: string;
  /** What it is for its job; the login has none. */
  step?: 'create' | 'last get';
  request: { method: string; path: string; headers: Record<string, string>; body: string };
  response: { status: number; headers: Record<string, string>; body: string };
}

const load = (file: string): string => readFileSync(path.join(import.meta.dirname, file), 'utf8');

/** The lines of a recorded file, in order. */
export const lines = <T = Record<string, unknown>>(file: string): T[] =>
  load(file)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);

/** All frames of a link, in order. @param link such as `validator-miner` */
export const recordedFrames = (link: string): RecordedFrame[] =>
  lines(`${link}.jsonl`).filter((line) => 'text' in line) as unknown as RecordedFrame[];

/** What users and the facilitator said to each other. */
export const recordedExchanges = (): RecordedExchange[] =>
  lines('user-facilitator.jsonl') as unknown as RecordedExchange[];

export const vectors = JSON.parse(load('vectors.json')) as Record<
  'N1' | 'N2' | 'N3' | 'R1' | 'R2' | 'R3' | 'R3o' | 'AU' | 'V1' | 'V2' | 'V3' | 'C1' | 'A1',
  Record<string, string>
>;
