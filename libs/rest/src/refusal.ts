import type { HordeError } from '@horde/protocol';

/** A request that is refused, with the body that ComputeHorde's facilitator answers. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    /** Anything that JSON.stringify writes. */
    readonly body: unknown,
    readonly headers: Record<string, string> = {},
  ) {
    super(JSON.stringify(body));
  }
}

/** `{"detail": …}`: what the framework under ComputeHorde's facilitator says. */
export const detail = (status: number, text: string) => new Refusal(status, { detail: text });

/** The user has no such job; a foreign one is no other case. */
export const noJob = () => detail(404, 'No Job matches the given query.');

/** `{"error": …}`, with or without details: what ComputeHorde's facilitator itself says. */
export const failure = (status: number, error: string, details?: string) =>
  new Refusal(status, details === undefined ? { error } : { error, details });

/** The user has to log in, or to log in again. */
export const unauthorized = (text: string) =>
  new Refusal(401, { detail: text }, { 'www-authenticate': 'Bearer' });

/** The same request may succeed later. @param wait when to try it again @unit seconds */
export const comeAgain = ({ status = 429, message, hint }: HordeError, wait: number) =>
  new Refusal(
    status,
    { detail: hint === undefined ? message : `${message} ${hint}` },
    { 'retry-after': String(Math.max(1, Math.ceil(wait))) },
  );

/** What is wrong with each field of a body: `{"args": {"0": ["This field may not be blank."]}}`. */
export const fieldErrors = (errors: object) => new Refusal(400, errors);

/** @param allow the methods that there are, as in the header `Allow` */
export const methodNotAllowed = (method: string, allow: string) =>
  new Refusal(405, { detail: `Method "${method}" not allowed.` }, { allow });
