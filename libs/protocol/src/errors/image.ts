import type { ErrorRow } from './row.ts';

/** What is wrong with a job's image. */
export const imageErrors = {
  IMAGE_NAME_REFUSED: {
    facts: ['image'],
    says: '{image:quoted} cannot be the name of an image.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'executor_startup' },
  },
  IMAGE_REFUSED: {
    facts: ['image', 'why'],
    says: 'The image {image} may not be run on this machine: {why}.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'executor_startup' },
  },
  IMAGE_NOT_STARTABLE: {
    facts: ['image', 'why'],
    says: 'The image {image} cannot be started: {why}.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'execution' },
  },
  IMAGE_UNAVAILABLE: {
    facts: ['image', 'why'],
    says: 'The image {image} is not on this machine and cannot be pulled: {why}',
    hint: 'Check the name of the image, and that the miner may pull it.',
    retryable: false,
    wire: { reason: 'generic_error' },
  },
} as const satisfies Record<string, ErrorRow>;
