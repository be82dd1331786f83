import { methodNotAllowed } from '@horde/rest';
import type { Request, Response } from 'express';

/** A path's name, and the methods that it has. */
export interface PathMethods {
  name: string;
  /** As in the header `Allow`. */
  allow: string;
}

/**
 * Answers the methods that have no handler of their own: OPTIONS with what the path reads and writes, in the form of
 * the framework under ComputeHorde's facilitator.
 *
 * @throws Refusal 405 for all others
 */
export function otherMethods(request: Request, response: Response, { name, allow }: PathMethods): object {
  if (request.method !== 'OPTIONS') throw methodNotAllowed(request.method, allow);
  response.setHeader('allow', allow);
  return { name, description: '', renders: ['application/json'], parses: ['application/json'] };
}
