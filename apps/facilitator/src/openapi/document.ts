import { pathsOf, type Schema } from '@horde/openapi';
import { operations } from './operations.ts';
import { schemas } from './schemas.ts';

/** The API in the form of OpenAPI 3.1. */
export function openApiDocument(): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Compute Horde facilitator',
      version: '1',
      description:
        'Creates container jobs and tells how they go. ComputeHorde’s API, and more; docs/compatibility.md says what differs.',
    },
    paths: pathsOf(operations, schemas),
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'From /auth/login.' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'X-CH-Signature',
          description:
            'Base64 of the hotkey’s signature over the body, with X-CH-Signature-Type: bittensor, X-CH-Signatory, X-CH-Timestamp-NS and X-CH-Signature-Scope.',
        },
      },
    },
  };
}
