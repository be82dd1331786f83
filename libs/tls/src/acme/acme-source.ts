import { X509Certificate } from 'node:crypto';
import type { Certificate } from '@horde/network';
import type { Logger } from '@horde/operations';
import { reasonOf } from '@horde/network';
import type { CertificateSource } from '../tls-port.ts';
import type { AcmeChallenges, AcmeStore } from './acme-store.ts';

/** How often the database is asked. @unit ms */
const lookInterval = 30_000;

export interface AcmeOptions {
  /** The names that the certificate is for. */
  domains: readonly string[];
  /** The authority's directory: a URL. */
  directory: string;
  /** Whom the authority writes to; undefined: nobody. */
  email?: string;
}

/** A certificate that an ACME authority gives, after it has asked at port 80 of its names, and that is renewed in time. */
export class AcmeSource implements CertificateSource {
  private present: Certificate | null = null;
  private nextLook = -Infinity;
  private isOrdering = false;

  constructor(
    private readonly options: AcmeOptions,
    private readonly store: AcmeStore,
    private readonly challenges: AcmeChallenges,
    private readonly logger: Logger,
  ) {}

  async read(): Promise<Certificate | null> {
    if (performance.now() < this.nextLook) return this.present;
    this.nextLook = performance.now() + lookInterval;
    this.present = await this.store.certificate();
    // The authority asks this service while it is ordered: nobody waits for it here.
    if (!this.isOrdering) void this.orderWhereDue();
    return this.present;
  }

  private async orderWhereDue(): Promise<void> {
    this.isOrdering = true;
    const { domains } = this.options;
    try {
      await this.order();
    } catch (error) {
      this.logger.error(
        `No certificate for ${domains.join(', ')}: ${reasonOf(error)}. It is tried again in 20 minutes.`,
      );
    } finally {
      this.isOrdering = false;
    }
  }

  private async order(): Promise<void> {
    // Loaded for those alone that have their certificate from an authority.
    const { default: acme } = await import('acme-client');
    const account = await this.store.begin(String(await acme.crypto.createPrivateEcdsaKey()));
    if (!account) return;
    const { domains, directory: directoryUrl, email } = this.options;
    this.logger.info({ domains, directory: directoryUrl }, 'a certificate is ordered');
    const [key, csr] = await acme.crypto.createCsr(
      { commonName: domains[0]!, altNames: [...domains] },
      await acme.crypto.createPrivateEcdsaKey(),
    );
    const client = new acme.Client({
      directoryUrl,
      accountKey: account.key,
      ...(account.url !== null && { accountUrl: account.url }),
    });
    if (account.url === null) {
      const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
      await client.createAccount({ termsOfServiceAgreed: true, ...contact });
      await this.store.keepAccount(client.getAccountUrl());
    }
    const certificate = await client.auto({
      csr,
      challengePriority: ['http-01'],
      // Its names may lead here from outside alone.
      skipChallengeVerification: true,
      challengeCreateFn: (_authorization, { token }, answer) => this.challenges.add(token, answer),
      challengeRemoveFn: (_authorization, { token }) => this.challenges.remove(token),
    });
    await this.store.end({ certificate, key: String(key) }, renewalOf(certificate));
    this.nextLook = -Infinity;
  }
}

/** When a certificate is to be renewed: when a third of its time is left. @returns ms since 1970 */
function renewalOf(certificate: string): number {
  const { validFromDate: from, validToDate: to } = new X509Certificate(certificate);
  return to.getTime() - (to.getTime() - from.getTime()) / 3;
}
