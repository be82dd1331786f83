import { isIPv6 } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { inParallel } from '@horde/async';
import { LOGGER, type Logger } from '@horde/operations';
import { PageReader } from '@horde/receipts';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { MinerAddress } from '../miner/miner-client.ts';

/** How miners are asked: so many at once, each within so long (ms), as much of an answer as 5,000 validators would be (bytes). */
const asking = { atOnce: 50, limit: 5_000, maxBytes: 1024 * 1024 };

/**
 * Miners that are behind the DDoS shield of bt-ddos-shield: the address that the chain tells serves
 * `/shield_manifest.json` alone, in which their own is encrypted for each validator that has a certificate on the chain.
 * This validator has none, so it does not reach them, and says which they are.
 */
@Injectable()
export class ShieldedMiners implements OnApplicationShutdown {
  private readonly reader = new PageReader();
  private readonly gauge: Gauge<never>;
  private told = '';

  constructor(
    registry: MetricsRegistry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.gauge = registry.gauge('validator_shielded_miners');
  }

  /**
   * Looks which miners are behind a shield, and says so where they are other ones than the last time.
   *
   * @param silent those that do not answer at the address that the chain tells
   * @returns a sentence that names those behind a shield; null: none is
   */
  async look(silent: readonly MinerAddress[]): Promise<string | null> {
    const found = await inParallel(silent, asking.atOnce, (miner) => this.isShielded(miner));
    const hotkeys = silent.map(({ hotkey }) => hotkey).filter((_, at) => found[at]);
    this.gauge.set(hotkeys.length);
    const sentence = hotkeys.length === 0 ? null : sentenceOf(hotkeys.toSorted());
    if (sentence !== null && sentence !== this.told) this.logger.warn(sentence);
    this.told = sentence ?? '';
    return sentence;
  }

  onApplicationShutdown(): void {
    this.reader.close();
  }

  /** Never rejects: what does not answer shows no shield. */
  private async isShielded({ ip, port }: MinerAddress): Promise<boolean> {
    const url = new URL(`http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/shield_manifest.json`);
    try {
      const { bytes } = await this.reader.read(url, {
        offset: 0,
        maxBytes: asking.maxBytes,
        signal: AbortSignal.timeout(asking.limit),
      });
      return isShieldManifest(JSON.parse(bytes.toString()));
    } catch {
      return false;
    }
  }
}

const isShieldManifest = (json: unknown): boolean => {
  const mapping = (json as { ddos_shield_manifest?: { encrypted_url_mapping?: unknown } } | null)
    ?.ddos_shield_manifest?.encrypted_url_mapping;
  return typeof mapping === 'object' && mapping !== null;
};

const sentenceOf = (hotkeys: readonly string[]): string =>
  `Miners behind a DDoS shield, whose addresses there this validator cannot read, so that it does not reach them: ${hotkeys.join(', ')}.`;
