import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { makeCertificate } from '@horde/network';

/** A certificate and its key, both PEM. */
export interface StreamingUser {
  cert: string;
  key: string;
}

/** The user of a streaming job, with a certificate as ComputeHorde's SDK makes one. */
export async function makeStreamingUser(): Promise<StreamingUser> {
  const { certificate, key } = await makeCertificate(['127.0.0.1']);
  return { cert: certificate, key };
}

/** A streaming job that listens. */
export interface StreamingPlace {
  host: string;
  port: number;
  /** The executor's certificate, PEM. */
  certificate: string;
}

/** How long a streaming job may take to answer. @unit ms */
const patience = 10_000;

/** Asks a streaming job, as this user or as nobody. @returns status and body: `200 word` */
export async function askStreamingJob(
  { host, port, certificate }: StreamingPlace,
  path: string,
  user: Partial<StreamingUser>,
  signal: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  const asked = request({ host, port, path, ca: certificate, ...user, agent: false, signal: limit });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  return `${response.statusCode} ${(await text(response)).trim()}`;
}
