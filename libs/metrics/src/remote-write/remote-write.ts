import { exchange, reasonOf } from '@horde/network';
import type { Registry } from 'prom-client';
import { snappy } from './snappy.ts';
import { seriesOf, writeRequest } from './write-request.ts';

/** Of the answer only its beginning is shown. @unit bytes */
const maxAnswer = 100_000;

/**
 * Pushes what a page of metrics shows now to an address that takes Prometheus' remote write 1.0.
 *
 * @param labels are added to each series
 * @param headers of what is sent, made of its bytes
 * @throws Error with a sentence where it is not taken
 */
export async function remoteWrite(
  url: URL,
  registry: Registry,
  labels: Record<string, string>,
  headers: (body: Buffer) => Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const body = snappy(writeRequest(await seriesOf(registry, labels), Date.now()));
  const { status, text } = await exchange(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      ...headers(body),
    },
    body,
    maxBytes: maxAnswer,
    signal,
  }).catch((error: unknown) => {
    throw new Error(`${url.origin} does not answer: ${reasonOf(error)}.`, { cause: error });
  });
  if (status < 200 || status > 299)
    throw new Error(`${url.origin} answered with ${status}: ${text.slice(0, 200).trim()}`);
}
