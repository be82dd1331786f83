import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fail, ok, fullReasonOf, warn, type Finding } from '../report.ts';

const day = 86_400_000;
/** What renews certificates does so before. @unit days */
const soon = 14;

/** Looks at the certificate of TLS_PORT, where there is one. */
export async function checkCertificate({
  tlsPort,
  tlsCertificate,
}: {
  tlsPort?: number;
  tlsCertificate?: string;
}): Promise<Finding> {
  const check = 'certificate';
  if (tlsPort === undefined || tlsCertificate === undefined)
    return ok(check, 'Not needed: TLS_PORT is not set.');
  const fix = 'Renew it; a new file in the place of TLS_CERTIFICATE is taken up within seconds.';
  try {
    const { subject, validTo } = new X509Certificate(await readFile(tlsCertificate));
    const left = Math.floor((Date.parse(validTo) - Date.now()) / day);
    const says = `${subject.replaceAll('\n', ', ')}, valid until ${validTo}.`;
    if (left < 0) return fail(check, says, fix);
    return left < soon ? warn(check, says, fix) : ok(check, says);
  } catch (error) {
    return fail(check, `${tlsCertificate} cannot be read: ${fullReasonOf(error)}.`, fix);
  }
}
