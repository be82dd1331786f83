/** What went wrong, for programs. */
export type ClientErrorCode =
  /** The facilitator has no such job, or does not know this address. */
  | 'NOT_FOUND'
  /** The login or its token was refused. */
  | 'NOT_ALLOWED'
  /** The target validator is not connected to the facilitator. */
  | 'NO_VALIDATOR'
  /** The facilitator refused the request as it is. */
  | 'REFUSED'
  /** No answer: no connection, or none in time. */
  | 'UNREACHABLE'
  /** The facilitator failed, or has too much to do. */
  | 'FACILITATOR_FAILED'
  /** The answer is not what a facilitator sends. */
  | 'BAD_ANSWER'
  /** The answer is larger than `maxAnswer`: ask for fewer jobs at once. */
  | 'TOO_LARGE'
  /** `wait` ended before the job did. */
  | 'WAIT_TIMEOUT'
  /** What was asked for cannot be sent: a wrong mount path, for instance. */
  | 'BAD_JOB_SPEC';

/** Whatever the client throws, except for an aborted signal's reason. Its message is one sentence for a person. */
export class HordeClientError extends Error {
  override readonly name = 'HordeClientError';

  constructor(
    readonly code: ClientErrorCode,
    sentence: string,
    /** The HTTP status of the answer; null when there was none. */
    readonly status: number | null = null,
    /** Whether the same call may succeed later. */
    readonly retryable = false,
  ) {
    super(sentence);
  }
}

/** What facilitators begin with when they cannot pass a job on. */
const noValidator = 'Could not select Validator';

/** The error for an answer that is no success. */
export function errorOfAnswer(status: number, body: string): HordeClientError {
  const said = sentenceOf(body);
  const error = (code: ClientErrorCode, sentence: string, retryable = false) =>
    new HordeClientError(code, sentence, status, retryable);
  if (said.startsWith(noValidator)) {
    const why =
      said.slice(noValidator.length).replace(/^: */, '') || 'it is not connected to the facilitator.';
    return error('NO_VALIDATOR', `The target validator cannot take the job (${noValidator}): ${why}`, true);
  }
  if (status === 404)
    return error('NOT_FOUND', said || 'There is nothing at this address of the facilitator.');
  if (status === 401 || status === 403)
    return error('NOT_ALLOWED', `The facilitator does not let this hotkey in: ${said}`);
  if (status === 429)
    return error('FACILITATOR_FAILED', 'The facilitator has too many requests. Try again later.', true);
  if (status >= 500)
    return error('FACILITATOR_FAILED', `The facilitator failed with status ${status}.`, true);
  return error('REFUSED', `The facilitator refused the request: ${said || `status ${status}`}`);
}

/** The sentences in an error body: `{"detail": …}`, `{"error": …, "details": …}`, a list, or sentences by field. */
function sentenceOf(body: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return '';
  }
  return sentences(parsed, '').join(' ').slice(0, 2_000);
}

const unnamed = ['detail', 'error', 'details', 'non_field_errors', 'msg'];

function sentences(value: unknown, path: string): string[] {
  if (typeof value === 'string') return [path ? `${path}: ${value}` : value];
  if (Array.isArray(value)) return value.flatMap((item) => sentences(item, path));
  if (typeof value !== 'object' || value === null) return [];
  if ('msg' in value && 'loc' in value) {
    const place = [path, ...[value.loc].flat().map(String)].filter(Boolean).join('.');
    return sentences(value.msg, place);
  }
  return Object.entries(value).flatMap(([key, item]) =>
    sentences(item, unnamed.includes(key) ? path : [path, key].filter(Boolean).join('.')),
  );
}
