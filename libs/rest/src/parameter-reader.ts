import type { Request } from 'express';
import { fieldErrors } from './refusal.ts';

/** The query of a request. Its target may be a whole URL, and not even a valid one. */
export const queryOf = (request: Request): URLSearchParams =>
  new URLSearchParams(request.originalUrl.replace(/^[^?]*/, ''));

/** A value, or what is wrong with it. */
export type Reading<T> = { value: T } | string;

/** Reads parameters of a query and collects what is wrong with them, by name. */
export class ParameterReader {
  private readonly problems: Record<string, string[]> = {};

  constructor(private readonly query: URLSearchParams) {}

  /** The only value of a parameter; null: it is not there. */
  once(name: string): string | null {
    const values = this.query.getAll(name);
    if (values.length > 1 && new Set(values).size > 1) this.refuse(name, 'It may be given once only.');
    return values[0] ?? null;
  }

  read<T>(name: string, convert: (raw: string) => Reading<T>): T | null {
    const raw = this.once(name);
    return raw === null ? null : this.convert(name, raw, convert);
  }

  /** All values of a parameter that may be repeated; null: it is not there. */
  all<T>(name: string, convert: (raw: string) => Reading<T>): T[] | null {
    const values = [...new Set(this.query.getAll(name))];
    return values.length === 0 ? null : values.map((raw) => this.convert(name, raw, convert));
  }

  refuse(name: string, problem: string): void {
    (this.problems[name] ??= []).push(problem);
  }

  /** @throws Refusal 400 with all that is wrong, by parameter */
  finish(): void {
    if (Object.keys(this.problems).length > 0) throw fieldErrors(this.problems);
  }

  /** A wrong value is never used: `finish` comes first. */
  private convert<T>(name: string, raw: string, convert: (raw: string) => Reading<T>): T {
    const reading = convert(raw);
    if (typeof reading !== 'string') return reading.value;
    this.refuse(name, reading);
    return undefined as T;
  }
}
