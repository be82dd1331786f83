import type { ErrorRow } from './row.ts';

/** Why the user of a streaming job does not reach it. */
export const streamingErrors = {
  STREAMING_ENDED_EARLY: {
    says: 'The job ended before it answered /health.',
    hint: 'A streaming job has to serve HTTP on port 8000 until its work is done.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'streaming_startup' },
  },
  STREAMING_CERTIFICATE_REFUSED: {
    facts: ['why'],
    says: 'The client certificate for the streaming job is refused: {why}.',
    hint: 'streaming_details.public_key has to be one X.509 certificate in PEM.',
    retryable: false,
    wire: { reason: 'unknown', stage: 'streaming_startup' },
  },
  STREAMING_NOT_READY: {
    facts: ['answer'],
    says: 'The job did not answer GET /health on port 8000 with 200 in time: {answer}.',
    hint: 'The job has to serve HTTP on port 8000 of every address, and answer /health with 200 once it is ready.',
    retryable: false,
    wire: { reason: 'timeout', stage: 'streaming_startup' },
  },
  STREAMING_NETWORK_NOT_MADE: {
    facts: ['why'],
    says: 'The network of the job cannot be made: {why}',
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_UNREACHABLE: {
    facts: ['why'],
    says: 'The job cannot be reached: {why}',
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_PROXY_NOT_STARTED: {
    facts: ['why'],
    says: "The job's proxy cannot be started: {why}",
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_PROXY_ENDED: {
    facts: ['why'],
    says: "The job's proxy ended: {why}",
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_PROXY_LATE: {
    says: 'The proxy in front of the job was not up in time to ask whether the job is.',
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_PORT_TAKEN: {
    facts: ['port'],
    says: 'The job cannot be reached on port {port} of this machine: something else uses it. NGINX_PORT of each executor of a machine has to be its own.',
    retryable: true,
    wire: { reason: 'streaming_failed' },
  },
  STREAMING_NOT_ISOLATED: {
    says: 'A plain process cannot be a streaming job: nothing would keep others on this machine from it.',
    retryable: false,
    wire: { reason: 'generic_error' },
  },
} as const satisfies Record<string, ErrorRow>;
