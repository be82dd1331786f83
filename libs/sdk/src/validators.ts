import { clientError, HordeClientError } from './client-error.ts';
import { badAnswer, parseAnswer } from './job-resource.ts';
import type { Session } from './session.ts';

/** A validator that a facilitator knows. */
export interface ListedValidator {
  hotkey: string;
  /** Whether it is connected to the facilitator now. */
  connected: boolean;
  /** What it says about itself; null: nothing. */
  version: string | null;
}

/** @throws HordeClientError */
export async function readValidators(session: Session, signal?: AbortSignal): Promise<ListedValidator[]> {
  let text: string;
  try {
    text = await session.send({ method: 'GET', path: 'api/v1/validators/', signal });
  } catch (error) {
    if (!(error instanceof HordeClientError) || error.code !== 'NOT_FOUND') throw error;
    throw clientError('NOT_SUPPORTED', { why: 'it does not tell its validators.' }, error.status);
  }
  const { results } = (parseAnswer(text) ?? {}) as { results?: Partial<ListedValidator>[] };
  if (!Array.isArray(results)) throw badAnswer('no list of validators');
  return results.map(({ hotkey, connected, version = null }) => {
    if (typeof hotkey !== 'string' || typeof connected !== 'boolean') throw badAnswer('no validator');
    return { hotkey, connected, version };
  });
}
