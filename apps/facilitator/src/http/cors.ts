import type {
  CorsOptions,
  CorsOptionsDelegate,
} from '@nestjs/common/interfaces/external/cors-options.interface.js';
import type { Request } from 'express';
import type { FacilitatorSettings } from '../settings.ts';
import { readOriginPattern } from './origin-pattern.ts';

/** As Django's CORS middleware has it, which ComputeHorde's facilitator uses. */
const allowedMethods = ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
/** Those of that middleware, and those that the API reads. */
const allowedHeaders = [
  'accept',
  'authorization',
  'content-type',
  'user-agent',
  'x-csrftoken',
  'x-requested-with',
  'x-ch-signature-type',
  'x-ch-signatory',
  'x-ch-timestamp-ns',
  'x-ch-signature',
  'x-ch-signature-scope',
  'idempotency-key',
  'last-event-id',
  'realm',
  'subnetid',
];
/** How long a browser remembers the answer to a preflight. @unit seconds */
const maxAge = 86_400;

/**
 * Which web pages of other origins may use the API. Their browsers send no cookies with it: a page has to have the token.
 * An OPTIONS that is no preflight goes on to its handler.
 */
export function corsOptions(settings: FacilitatorSettings): CorsOptionsDelegate<Request> {
  const origin = settings.corsAllowAllOrigins
    ? '*'
    : [
        ...settings.corsAllowedOrigins,
        ...settings.corsAllowedOriginRegexes.map((text) => readOriginPattern(text)!),
      ];
  const options: CorsOptions = {
    origin,
    methods: allowedMethods,
    allowedHeaders,
    exposedHeaders: ['Retry-After'],
    credentials: false,
    maxAge,
  };
  return (request, callback) =>
    callback(null, {
      ...options,
      preflightContinue: request.headers['access-control-request-method'] === undefined,
    });
}
