import type { ErrorRow } from './row.ts';

/** What facilitator, validator and miner say of a job that no executor has, or has any longer. */
export const networkErrors = {
  // The first words of these are what the reference answers; its clients may look for them.
  VALIDATOR_UNKNOWN: {
    facts: ['hotkey'],
    says: 'Could not select Validator: this facilitator knows no validator {hotkey}.',
    hint: 'Check the hotkey. The operator of the facilitator can add a validator with debug_add_validator.',
    retryable: true,
    status: 400,
  },
  VALIDATOR_INACTIVE: {
    facts: ['hotkey'],
    says: 'Could not select Validator: {hotkey} is no longer an active validator of this subnet.',
    hint: 'Choose another validator.',
    retryable: true,
    status: 400,
  },
  VALIDATOR_NEVER_CONNECTED: {
    facts: ['hotkey'],
    says: 'Could not select Validator: {hotkey} has not connected to this facilitator yet.',
    hint: "Its operator can look at the validator's FACILITATOR_URI.",
    retryable: true,
    status: 400,
  },
  VALIDATOR_GONE: {
    facts: ['hotkey', 'lastSeen'],
    says: 'Could not select Validator: {hotkey} is not connected; it was last seen at {lastSeen}.',
    hint: 'Try again later.',
    retryable: true,
    status: 400,
  },
  JOB_TOO_LARGE: {
    facts: ['size', 'limit'],
    says: "The job's message has {size} bytes, and its validator reads at most {limit}.",
    hint: 'Put large inputs behind a URL, instead of inline volumes.',
    retryable: false,
    status: 400,
  },
  NO_MINER_OFFERS_CLASS: {
    facts: ['executorClass', 'miners'],
    says: 'None of the {miners} known miners offers an executor of class {executorClass}.',
    hint: 'Choose another executor class, or wait for a miner that offers this one.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  },
  ALL_MINERS_BUSY: {
    facts: ['executorClass', 'executors', 'miners'],
    says: 'All executors of class {executorClass} are busy: {executors} of {miners:miner}.',
    hint: 'Try again when one of the running jobs has ended.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  },
  NO_MINER_TOOK_JOB: {
    facts: ['miners', 'last'],
    says: 'None of the {miners:miner} that were asked took the job. The last one: {last}',
    hint: 'Try again later.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  },
  NO_TRUSTED_MINER: {
    says: 'The job asks for a trusted miner, and this validator has none.',
    hint: 'Send it without on_trusted_miner, or to a validator that has a trusted miner.',
    retryable: false,
    wire: { reason: 'no_miner_for_job' },
  },
  DEBUG_MINER_UNKNOWN: {
    facts: ['hotkey'],
    says: 'The validator sends all jobs to the miner {hotkey}, whose address it does not know.',
    hint: 'Its operator can set DEBUG_MINER_ADDRESS and DEBUG_MINER_PORT.',
    retryable: true,
    wire: { reason: 'no_miner_for_job' },
  },
  BAD_JOB_SIGNATURE: {
    facts: ['why'],
    says: '{why}',
    hint: 'Sign the request with the hotkey that the validator knows.',
    retryable: false,
    wire: { reason: 'invalid_signature' },
  },
  ALL_EXECUTORS_BUSY: {
    facts: ['executorClass', 'total'],
    says: 'All {total} executors of class {executorClass} are busy.',
    retryable: true,
    wire: { reason: 'busy' },
  },
  CLASS_NOT_OFFERED: {
    facts: ['executorClass'],
    says: 'This miner offers no executor of class {executorClass}.',
    retryable: false,
    wire: { reason: 'busy' },
  },
  VALIDATOR_BLACKLISTED: {
    says: 'The operator of this miner takes no jobs of this validator.',
    retryable: false,
    wire: { reason: 'validator_blacklisted' },
  },
  VALIDATOR_NOT_ACTIVE: {
    says: 'This validator is not active: the chain does not list it, and the operator has not added it.',
    hint: 'Once it is a validator of this subnet again its jobs are taken within a minute.',
    retryable: false,
    wire: { reason: 'validator_blacklisted' },
  },
  TOO_MANY_JOB_REQUESTS: {
    says: 'This validator asks for more jobs in a minute than the miner looks at.',
    hint: 'Ask again in a minute; the miner can raise MAX_JOB_REQUESTS_PER_MINUTE.',
    retryable: true,
    wire: { reason: 'busy' },
  },
  EXECUTOR_NOT_STARTED: {
    facts: ['why'],
    says: 'The executor could not be started: {why}',
    retryable: true,
    wire: { reason: 'executor_spinup_failed' },
  },
  EXECUTOR_GONE: {
    facts: ['how'],
    says: 'The executor left before the job ended ({how}).',
    retryable: true,
    wire: { reason: 'executor_disconnected' },
  },
} as const satisfies Record<string, ErrorRow>;
