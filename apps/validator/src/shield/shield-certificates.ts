import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type CertificateKeys, type SigningChain } from '@horde/chain';
import { Database } from '@horde/database';
import { expandHome, ownHotkeyPath } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { ValidatorSettings } from '../settings.ts';

/** None is made sooner after the last: the chain takes few, and a Pylon that fails to read one says that there is none. */
const making = "interval '1 hour'";

/** There is no certificate, and none may be made. The message is part of a sentence. */
export class NoCertificate extends Error {
  override readonly name = 'NoCertificate';
}

/**
 * The certificates that miners behind a DDoS shield seal their address for. Pylon makes their keys; the private ones are
 * kept in the database, where all processes, a backup and a move to another server have them.
 */
@Injectable()
export class ShieldCertificates {
  constructor(
    @Inject(CHAIN) private readonly chain: SigningChain,
    private readonly database: Database,
    private readonly settings: ValidatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The private key of the own certificate on the chain. Where that has none, or one whose key is not known here, another
   * one is made.
   *
   * @throws ChainError
   * @throws NoCertificate when none may be made
   */
  async privateKey(): Promise<Buffer> {
    const onChain = await this.chain.ownCertificate();
    if (onChain) {
      const known = (await this.stored(onChain)) ?? (await this.left(onChain));
      if (known) return known;
    }
    const young = await this.youngest();
    if (young) return young;
    if (this.settings.shieldDisableUploadingCertificate)
      throw new NoCertificate(
        'BITTENSOR_SHIELD_DISABLE_UPLOADING_CERTIFICATE is set, and the chain has no certificate whose key is here',
      );
    const { publicKey, privateKey } = await this.chain.makeCertificate();
    await this.store(publicKey, privateKey);
    this.logger.info(
      'a certificate is on the chain now that miners behind a DDoS shield seal their address for',
    );
    return privateKey;
  }

  private async store(publicKey: Buffer, privateKey: Buffer): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      await manager.query(`delete from shield_certificate where made_at < now() - interval '1 day'`);
      const insert = 'insert into shield_certificate (public_key, private_key) values ($1, $2)';
      await manager.query(insert, [publicKey, privateKey]);
    });
  }

  private async stored(publicKey: Buffer): Promise<Buffer | null> {
    const [row] = await this.database.manager.query<Keys[]>(
      'select private_key from shield_certificate where public_key = $1',
      [publicKey],
    );
    return row?.private_key ?? null;
  }

  /** The last one that was made, if it is not long ago. */
  private async youngest(): Promise<Buffer | null> {
    const [row] = await this.database.manager.query<Keys[]>(
      `select private_key from shield_certificate where made_at > now() - ${making} order by made_at desc limit 1`,
    );
    return row?.private_key ?? null;
  }

  /** That of the certificate which ComputeHorde's validator has left beside the wallet. */
  private async left(publicKey: Buffer): Promise<Buffer | null> {
    const { shieldCertificatePath, walletHotkeyName } = this.settings;
    const beside = path.resolve(ownHotkeyPath(this.settings), '../../shield', walletHotkeyName);
    const file = expandHome(shieldCertificatePath ?? path.join(beside, 'validator_cert.pem'));
    try {
      const keys = keysOf(await readFile(file, 'utf8'));
      return keys.publicKey.equals(publicKey) ? keys.privateKey : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.logger.warn(`${file} cannot be read as a certificate's private key, and is not used.`);
      return null;
    }
  }
}

interface Keys {
  private_key: Buffer;
}

/** @param pem an Ed25519 private key, PKCS#8 */
function keysOf(pem: string): CertificateKeys {
  const { x, d } = createPrivateKey(pem).export({ format: 'jwk' });
  return { publicKey: Buffer.from(x!, 'base64url'), privateKey: Buffer.from(d!, 'base64url') };
}
