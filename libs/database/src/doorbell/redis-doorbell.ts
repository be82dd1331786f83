import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { doublingPause } from '@horde/async';
import { Redis, type RedisOptions } from 'ioredis';
import type { Transaction } from '../database.ts';
import {
  pulse,
  pulseLimit,
  readRing,
  reconnectPauses,
  RingListeners,
  writeRing,
  type Doorbell,
  type RingListener,
} from './doorbell.ts';

/** How long the last rings may take at the end. @unit ms */
const closeLimit = 1_000;
/** A ring that cannot be sent now is lost. */
const options: RedisOptions = {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: pulseLimit,
  connectTimeout: pulseLimit,
  keepAlive: pulseLimit,
  retryStrategy: (times) => doublingPause(times, reconnectPauses),
};

/** Redis' publish and subscribe. Connections are made when they are first needed. */
export class RedisDoorbell implements Doorbell {
  private readonly self = randomUUID();
  private readonly listeners = new RingListeners();
  private readonly sending: Redis;
  private readonly receiving: Redis;
  private connected: Promise<void> | null = null;
  private readonly unsent = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  /** @param url or the path of a socket */
  constructor(
    private readonly service: string,
    url: string,
  ) {
    this.sending = new Redis(url, options);
    this.receiving = new Redis(url, { ...options, autoResubscribe: false });
    for (const redis of [this.sending, this.receiving]) redis.on('error', () => undefined);
    this.receiving.on('ready', () => void this.subscribe());
    this.receiving.on('message', (_channel: string, text: string) => {
      const ring = readRing(this.self, text);
      if (ring) this.listeners.ring(ring.channel, ring.payload);
    });
  }

  ring(tx: Transaction, channel: string, payload: string): void {
    tx.afterCommit(() => {
      this.listeners.ring(channel, payload);
      const sent = this.publish(writeRing(this.self, { channel, payload })).finally(() =>
        this.unsent.delete(sent),
      );
      this.unsent.add(sent);
    });
  }

  on(channel: string, listener: RingListener): () => void {
    if (this.receiving.status === 'wait') this.listen();
    return this.listeners.add(channel, listener);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    // A command may end right after it has rung.
    await Promise.race([Promise.all(this.unsent), sleep(closeLimit, undefined, { ref: false })]);
    this.sending.disconnect();
    this.receiving.disconnect();
  }

  private get channel(): string {
    return `horde-${this.service}`;
  }

  private listen(): void {
    this.receiving.connect().catch(() => undefined); // it tries again by itself
    this.timer = setInterval(() => {
      if (this.receiving.status === 'ready')
        this.receiving.ping().catch(() => this.receiving.disconnect(true));
    }, pulse).unref();
  }

  private async subscribe(): Promise<void> {
    try {
      await this.receiving.subscribe(this.channel);
      this.listeners.ringAll();
    } catch {
      this.receiving.disconnect(true);
    }
  }

  private async publish(text: string): Promise<void> {
    try {
      await (this.connected ??= this.sending.connect());
      await this.sending.publish(this.channel, text);
    } catch {
      // The sweeps find what was not rung for.
    }
  }
}
