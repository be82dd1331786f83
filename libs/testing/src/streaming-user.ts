import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';

/** The user of a streaming job: a certificate and its key, both PEM. */
export interface StreamingUser {
  cert: string;
  key: string;
}

/** A self-signed certificate, as ComputeHorde's SDK makes one for the user of a streaming job. */
export async function makeUser(): Promise<StreamingUser> {
  x509.cryptoProvider.set(crypto);
  const signingAlgorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = key.match(/.{1,64}/g)!.join('\n');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
  };
}

/**
 * Asks a streaming job, as its user does.
 *
 * @param ca the job's own certificate, PEM
 * @param user {}: nobody
 * @returns status and body: `200 hello`
 */
export async function ask(url: string, ca: string, user: Partial<StreamingUser>): Promise<string> {
  const asked = request(url, { ca, ...user, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  return `${response.statusCode} ${await text(response)}`;
}
