import { isIPv6 } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { inParallel } from '@horde/async';
import { ChainError } from '@horde/chain';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { PageReader } from '@horde/receipts';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import { NoCertificate, ShieldCertificates } from './shield-certificates.ts';
import { readShieldManifest, type ShieldManifest } from './shield-manifest.ts';

/** How miners are asked: so many at once, each within so long (ms), as much of an answer as 5,000 validators would be (bytes). */
const asking = { atOnce: 50, limit: 5_000, maxBytes: 4 * 1024 * 1024 };

/** What miners show at the addresses that the chain tells. */
export interface ShieldFindings {
  /** Those behind a shield, where they are for this validator. */
  reached: MinerAddress[];
  /** The hotkeys of those that answer there, and have no shield. */
  open: string[];
  /** Names those behind a shield that have no address for this validator; null: there are none. */
  sentence: string | null;
}

/**
 * Miners that are behind the DDoS shield of bt-ddos-shield: the address that the chain tells serves
 * `/shield_manifest.json` alone, in which their own is sealed for each validator that has a certificate on the chain.
 */
@Injectable()
export class ShieldedMiners implements OnApplicationShutdown {
  private readonly reader = new PageReader();
  private readonly gauge: Gauge<never>;
  private told = '';

  constructor(
    registry: MetricsRegistry,
    private readonly certificates: ShieldCertificates,
    private readonly keypair: Keypair,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.gauge = registry.gauge('validator_shielded_miners');
  }

  /**
   * Looks which miners are behind a shield and where they are for this validator, and says of which it cannot know, where
   * those are other ones than the last time.
   *
   * @param miners with the addresses that the chain tells
   */
  async look(miners: readonly MinerAddress[]): Promise<ShieldFindings> {
    const shown = await inParallel(miners, asking.atOnce, (miner) => this.shownBy(miner));
    const shields = miners.flatMap((miner, at) => {
      const manifest = shown[at];
      return manifest && manifest !== 'no shield' ? [{ miner, manifest }] : [];
    });
    const { reached, hidden, why } =
      shields.length === 0 ? { reached: [], hidden: [], why: '' } : await this.open(shields);
    this.gauge.set(hidden.length);
    const sentence = hidden.length === 0 ? null : sentenceOf(hidden.toSorted(), why);
    if (sentence !== null && sentence !== this.told) this.logger.warn(sentence);
    this.told = sentence ?? '';
    return {
      reached,
      open: miners.filter((_, at) => shown[at] === 'no shield').map(({ hotkey }) => hotkey),
      sentence,
    };
  }

  onApplicationShutdown(): void {
    this.reader.close();
  }

  /** @returns those that are reached, and the hotkeys of those that are not, and why */
  private async open(shields: readonly { miner: MinerAddress; manifest: ShieldManifest }[]) {
    // Its cryptography takes a tenth of a second to load, which no start without a shield is to wait for.
    const { addressInShield } = await import('./shield-address.ts');
    const { key, why } = await this.privateKey();
    const reached: MinerAddress[] = [];
    const hidden: string[] = [];
    for (const { miner, manifest } of shields) {
      const address = key && addressInShield(manifest, this.keypair.address, key);
      if (address) reached.push({ hotkey: miner.hotkey, ...address });
      else hidden.push(miner.hotkey);
    }
    return { reached, hidden, why };
  }

  /** @returns no key, and why not, where there is none */
  private async privateKey(): Promise<{ key: Buffer | null; why: string }> {
    try {
      return { key: await this.certificates.privateKey(), why: 'they have sealed none for its certificate' };
    } catch (error) {
      if (!(error instanceof ChainError || error instanceof NoCertificate)) throw error;
      return { key: null, why: error.message.replace(/\.$/, '') };
    }
  }

  /** Never rejects. @returns null: it does not answer */
  private async shownBy({ ip, port }: MinerAddress): Promise<ShieldManifest | 'no shield' | null> {
    const url = new URL(`http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/shield_manifest.json`);
    try {
      const { bytes } = await this.reader.read(url, {
        offset: 0,
        maxBytes: asking.maxBytes,
        signal: AbortSignal.timeout(asking.limit),
      });
      return readShieldManifest(bytes.toString()) ?? 'no shield';
    } catch {
      return null;
    }
  }
}

const sentenceOf = (hotkeys: readonly string[], why: string): string =>
  `Miners behind a DDoS shield that this validator does not reach, as it knows no address of theirs there (${why}): ${hotkeys.join(', ')}.`;
