import { clientErrors, fill } from '@horde/protocol';

/** The codes of `HordeClientError`. */
export type ClientErrorCode = keyof typeof clientErrors;

/** Whatever the client throws, except for an aborted signal's reason. Its message is one sentence for a person. */
export class HordeClientError extends Error {
  override readonly name = 'HordeClientError';
  /** What a person can do. */
  readonly hint: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(
    readonly code: ClientErrorCode,
    sentence: string,
    /** The HTTP status of the answer; null when there was none. */
    readonly status: number | null = null,
  ) {
    super(sentence);
    ({ hint: this.hint, retryable: this.retryable } = clientErrors[code]);
  }
}

type FactsOf<Row> = Row extends { facts: readonly (infer Name extends string)[] }
  ? Record<Name, string | number>
  : Record<string, never>;

/** An error of the catalogue with the facts of its sentence. */
export const clientError = <Code extends ClientErrorCode>(
  code: Code,
  facts: FactsOf<(typeof clientErrors)[Code]>,
  status: number | null = null,
): HordeClientError =>
  new HordeClientError(code, fill(clientErrors[code].says, new Map(Object.entries(facts))), status);

/** What facilitators begin with when they cannot pass a job on, with status 400. */
const noValidator = 'Could not select Validator';
/** What they answer, with status 400, to a login of a hotkey that is not on their list. */
const notLetIn = 'Hotkey not allowed';

/** The error for an answer that is no success. */
export function errorOfAnswer(status: number, body: string): HordeClientError {
  const said = sentenceOf(body);
  if (said.startsWith(noValidator)) {
    const why = said.slice(noValidator.length).replace(/^: */, '');
    return clientError('NO_VALIDATOR', { why: why || 'it is not connected to the facilitator.' }, status);
  }
  const why = said || `status ${status}.`;
  if (status === 404)
    return clientError(
      'NOT_FOUND',
      { why: said || 'There is nothing at this address of the facilitator.' },
      status,
    );
  if (status === 401 || status === 403 || said.startsWith(notLetIn))
    return clientError('NOT_ALLOWED', { why }, status);
  if (status === 405 || status === 501) return clientError('NOT_SUPPORTED', { why }, status);
  if (status === 429)
    return clientError('FACILITATOR_BUSY', { why: said || 'it has too many requests.' }, status);
  if (status >= 500) return clientError('FACILITATOR_FAILED', { status }, status);
  return clientError('REFUSED', { why }, status);
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
