import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CannotStart } from '@horde/operations';
import type { Certificate } from '@horde/network';

/** A certificate and its key in two files of the operator, PEM; the certificate with those between it and its root. */
export class CertificateFiles {
  constructor(
    private readonly certificateFile: string,
    private readonly keyFile: string,
  ) {}

  /** What the files hold now. @throws CannotStart where they are not to be read, or do not belong together */
  async read(): Promise<Certificate> {
    const [certificate, key] = [await textOf(this.certificateFile), await textOf(this.keyFile)];
    try {
      createSecureContext({ cert: certificate, key });
    } catch (error) {
      const why = (error as Error).message;
      throw new CannotStart(
        `TLS_CERTIFICATE (${this.certificateFile}) and TLS_KEY (${this.keyFile}) cannot be used together: ${why}.`,
        { cause: error },
      );
    }
    return { certificate, key };
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CannotStart(`${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}
