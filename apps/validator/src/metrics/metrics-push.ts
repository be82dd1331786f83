import { hostname } from 'node:os';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { remoteWrite } from '@horde/metrics';
import { LOGGER, repeat, troubleLog, type Logger } from '@horde/operations';
import { ValidatorSettings } from '../settings.ts';
import { MetricsRegistry } from './metrics-registry.ts';

/** How often, as ComputeHorde's Prometheus looks at its validator. @unit ms */
const interval = 30_000;
/** How long the receiver may take, as with ComputeHorde's proxy. @unit ms */
const answerLimit = 15_000;

/**
 * Pushes the validator's metrics to where METRICS_REMOTE_WRITE_URL is, signed with its hotkey as ComputeHorde's proxy before
 * its own Prometheus signs them. Each process pushes its own. What is not taken is not kept: the next has the counters' sums.
 */
@Injectable()
export class MetricsPush implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly trouble = troubleLog((error) =>
    this.logger.warn({ error }, 'the metrics that are pushed are not taken; they are pushed again'),
  );
  private stop: () => void = () => undefined;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly keypair: Keypair,
    private readonly settings: ValidatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { metricsRemoteWriteUrl } = this.settings;
    if (metricsRemoteWriteUrl === undefined) return;
    const url = new URL(metricsRemoteWriteUrl);
    this.stop = repeat(() => this.push(url).then(() => this.trouble.over()), interval, this.trouble.is);
  }

  onApplicationShutdown(): void {
    this.stop();
  }

  /** @throws Error where the receiver does not take them */
  async push(url: URL): Promise<void> {
    const { address } = this.keypair;
    const labels = {
      job: 'validator',
      instance: hostname(),
      hotkey: address,
      bittensor_network: this.settings.network,
    };
    await remoteWrite(
      url,
      this.registry,
      labels,
      (body) => ({
        'Bittensor-Signature': Buffer.from(this.keypair.sign(body)).toString('hex'),
        'Bittensor-Hotkey': address,
        'Bittensor-Netuid': String(this.settings.netuid),
      }),
      AbortSignal.timeout(answerLimit),
    );
  }
}
