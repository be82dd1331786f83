import { webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';

/** A certificate with its private key, both PEM; the key is PKCS#8 and not encrypted. */
export interface Identity {
  certificate: string;
  key: string;
}

const anHour = 3_600_000;
const aYear = 365 * 24 * anHour;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/**
 * A self-signed certificate as ComputeHorde's executor makes one for each streaming job: RSA 2048, SHA-256, subject and
 * issuer CN=localhost, no CA, good for localhost and `address`. It is valid from an hour ago, for clients whose clock
 * is behind, and for a year.
 *
 * @param address the IP address or host name that users reach this machine by; null: not known
 */
export async function makeIdentity(address: string | null): Promise<Identity> {
  const keysMade = webcrypto.subtle.generateKey(
    { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  // Loaded here, while the key is being made: only streaming jobs need it, and it takes longer than the key.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await keysMade;
  const names: ConstructorParameters<typeof x509.SubjectAlternativeNameExtension>[0] = [
    { type: 'dns', value: 'localhost' },
  ];
  if (address) names.push({ type: isIP(address) ? 'ip' : 'dns', value: address });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - anHour),
    notAfter: new Date(Date.now() + aYear),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Longest certificate that is read, in characters: one with a key of 16384 bits is shorter. */
const maxCertificate = 16_384;

/**
 * A user's certificate as one PEM block. Of several the first counts, the client's own.
 *
 * @throws JobFailure when it is none
 */
export function readClientCertificate(pem: string): string {
  if (pem.length > maxCertificate)
    throw failures.STREAMING_CERTIFICATE_REFUSED(`it is longer than ${maxCertificate} characters`);
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw failures.STREAMING_CERTIFICATE_REFUSED('it is not a certificate in PEM');
  try {
    return new X509Certificate(pem).toString();
  } catch (error) {
    throw failures.STREAMING_CERTIFICATE_REFUSED(`it cannot be read (${why(error)})`);
  }
}
