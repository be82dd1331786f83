import { X509Certificate } from 'node:crypto';
import { makeCertificate, type Certificate } from '@horde/network';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';

/**
 * The certificate of one streaming job's server.
 *
 * @param address the IP address or host name that users reach this machine by; null: not known
 */
export const makeIdentity = (address: string | null): Promise<Certificate> =>
  makeCertificate(address ? [address] : []);

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
