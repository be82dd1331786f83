import type { ErrorRow } from './row.ts';

/**
 * What the SDK throws, which never travels: what a facilitator says of a request comes in it as `why`. Whatever throws one
 * of these has a person's program before it, so that each has a hint.
 */
export const clientErrors = {
  NOT_FOUND: {
    facts: ['why'],
    says: '{why}',
    hint: "Check the uuid, that the hotkey is the one that created the job, and the facilitator's URL.",
    retryable: false,
  },
  NOT_ALLOWED: {
    facts: ['why'],
    says: 'The facilitator does not let this hotkey in: {why}',
    hint: "Ask the facilitator's operator to let this hotkey in (whitelist_hotkey).",
    retryable: false,
  },
  NO_VALIDATOR: {
    facts: ['why'],
    says: 'The target validator cannot take the job (Could not select Validator): {why}',
    hint: 'Choose another validator, or try again later.',
    retryable: true,
  },
  REFUSED: {
    facts: ['why'],
    says: 'The facilitator refused the request: {why}',
    hint: 'Change what the sentence names.',
    retryable: false,
  },
  UNREACHABLE: {
    facts: ['address', 'why'],
    says: 'The facilitator at {address} does not answer: {why}.',
    hint: "Check the facilitator's URL and this machine's network.",
    retryable: true,
  },
  FACILITATOR_BUSY: {
    facts: ['why'],
    says: 'The facilitator takes no more for now: {why}',
    hint: 'Try again later, and ask less often.',
    retryable: true,
  },
  FACILITATOR_FAILED: {
    facts: ['status'],
    says: 'The facilitator failed with status {status}.',
    hint: 'Try again later.',
    retryable: true,
  },
  BAD_ANSWER: {
    facts: ['what'],
    says: 'This is not what a facilitator sends: {what}.',
    hint: "Check the facilitator's URL: something else may answer there.",
    retryable: false,
  },
  TOO_LARGE: {
    facts: ['limit'],
    says: "The facilitator's answer is larger than {limit} bytes.",
    hint: 'Ask for fewer jobs at once, list them lean, or raise maxAnswer.',
    retryable: false,
  },
  WAIT_TIMEOUT: {
    facts: ['what', 'seconds'],
    says: '{what} after {seconds} s.',
    hint: 'The job goes on: wait again, or cancel it.',
    retryable: true,
  },
  NOT_STREAMING: {
    facts: ['job', 'why'],
    says: 'Job {job} cannot be reached: {why}',
    hint: "Look at the job's status and error.",
    retryable: false,
  },
  BAD_JOB_SPEC: {
    facts: ['why'],
    says: '{why}',
    hint: 'Change what the sentence names.',
    retryable: false,
  },
  BAD_OPTION: {
    facts: ['why'],
    says: '{why}',
    hint: 'Change what the sentence names.',
    retryable: false,
  },
  FOLDER_TOO_LARGE: {
    facts: ['folder', 'limit'],
    says: '{folder} holds more than {limit}.',
    hint: 'Put it on a web server as a ZIP archive, and give its URL.',
    retryable: false,
  },
  NOT_SAVED: {
    facts: ['file', 'why'],
    says: '{file} cannot be written: {why}.',
    hint: 'Check that its folder may be written, and that there is room.',
    retryable: true,
  },
  NOT_SUPPORTED: {
    facts: ['why'],
    says: 'The facilitator cannot do that: {why}',
    hint: 'Use a facilitator that can, or do without.',
    retryable: false,
  },
  NOT_CANCELLABLE: {
    facts: ['why'],
    says: '{why}',
    hint: "Look at the job's status; if it runs, its time limits end it.",
    retryable: false,
  },
  FALLBACK_FAILED: {
    facts: ['command', 'why'],
    says: '{command} failed: {why}',
    hint: 'Look at what the command says when you run it yourself.',
    retryable: true,
  },
  CLOSED: {
    says: 'The client was closed.',
    hint: 'Make a new client.',
    retryable: false,
  },
} as const satisfies Record<string, ErrorRow & { hint: string }>;
