import { why } from '../wording.ts';

/** The engine's own sentence, without the wrapping of its client. */
export function engineSays(error: unknown): string {
  const json = (error as { json?: { message?: string } | null }).json;
  return (
    json?.message ??
    why(error)
      .replace(/^\(HTTP code \d+\) .*? - /, '')
      .trim()
  );
}
