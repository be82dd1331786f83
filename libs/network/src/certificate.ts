import { isIP } from 'node:net';

/** A certificate with its private key, both PEM; the key is PKCS#8 and not encrypted. */
export interface Certificate {
  certificate: string;
  key: string;
}

const anHour = 3_600_000;
const aYear = 365 * 24 * anHour;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/**
 * A self-signed certificate as ComputeHorde makes them for both ends of a streaming job: RSA 2048, SHA-256, subject and
 * issuer CN=localhost, no CA, good for localhost and `addresses`. It is valid from an hour ago, for peers whose clock is
 * behind, and for a year.
 *
 * @param addresses IP addresses and host names
 */
export async function makeCertificate(addresses: readonly string[]): Promise<Certificate> {
  const keysMade = crypto.subtle.generateKey(
    { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  // Loaded here, while the key is being made: only streaming jobs need it, and it takes longer than the key.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await keysMade;
  const names = addresses.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - anHour),
    notAfter: new Date(Date.now() + aYear),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, ...names]),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`,
  };
}
