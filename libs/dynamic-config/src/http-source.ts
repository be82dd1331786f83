import { AnswerTooLong, exchange, reasonOf } from '@horde/network';
import { SourceError, type ConfigSource } from './source.ts';

/** @unit ms */
const patience = 10_000;
/** @unit bytes */
const longest = 1_048_576;

/** Documents on the web. @param addresses the later one to win */
export const webDocuments = (addresses: readonly string[]): ConfigSource => ({
  read: () => Promise.all(addresses.map(fetchDocument)),
});

/** The JSON object at an address. @throws SourceError */
async function fetchDocument(address: string): Promise<object> {
  const url = URL.parse(address);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password) {
    throw new SourceError(
      'The address of the dynamic configuration must be http or https, without a password.',
    );
  }
  const shown = `${url.origin}${url.pathname}`;
  try {
    const { status, text } = await exchange(url, {
      headers: { accept: 'application/json', 'user-agent': 'compute-horde' },
      maxBytes: longest,
      signal: AbortSignal.timeout(patience),
    });
    if (status !== 200) throw new SourceError(`${shown} answered with ${status}.`);
    return parse(text, shown);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (error instanceof AnswerTooLong) throw new SourceError(`${shown} is larger than ${longest} bytes.`);
    throw new SourceError(`${shown} does not answer: ${reason(error)}.`);
  }
}

function parse(text: string, shown: string): object {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new SourceError(`${shown} is not JSON.`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new SourceError(`${shown} is not a JSON object.`);
}

/** What a person can use of a failed call. */
function reason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${patience / 1000} s`;
  return reasonOf(error);
}
