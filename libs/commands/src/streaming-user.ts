import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** A certificate and its key, both PEM. */
export interface StreamingUser {
  cert: string;
  key: string;
}

/** @unit ms */
const hour = 3_600_000;
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

/** The user of a streaming job, with a self-signed certificate as ComputeHorde's SDK makes one. */
export async function makeStreamingUser(): Promise<StreamingUser> {
  // Few commands need it.
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + 24 * hour),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
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
