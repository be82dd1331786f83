import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { around, doublingPause } from '@horde/async';
import { connectionConfig, WatchedClient } from '../connections.ts';
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
/** So many rings wait for the connection; further ones are lost. */
const maxUnsent = 10_000;

const notify = 'select pg_notify($1, text) from unnest($2::text[]) text';

/**
 * LISTEN and NOTIFY, on one connection that is made when there is somebody to listen, or something to ring for.
 *
 * Rings are sent when their transactions are committed, those of many together: a transaction that itself notifies holds
 * up the commits of all others that do, until it is on the disk.
 */
export class PostgresDoorbell implements Doorbell {
  private readonly self = randomUUID();
  private readonly listeners = new RingListeners();
  private readonly stopping = new AbortController();
  private unsent = new Set<string>();
  private sending: Promise<void> | null = null;
  private client: WatchedClient | null = null;
  private connected = Promise.withResolvers<WatchedClient>();
  private isConnected = false;
  private listening: Promise<void> | null = null;

  constructor(
    private readonly service: string,
    private readonly url: string,
  ) {}

  ring(tx: Transaction, channel: string, payload: string): void {
    tx.afterCommit(() => {
      this.listeners.ring(channel, payload);
      if (this.unsent.size < maxUnsent) this.unsent.add(writeRing(this.self, { channel, payload }));
      this.listening ??= this.listen();
      this.sending ??= this.send();
    });
  }

  on(channel: string, listener: RingListener): () => void {
    this.listening ??= this.listen();
    return this.listeners.add(channel, listener);
  }

  async close(): Promise<void> {
    // A command may end right after it has rung.
    await Promise.race([this.sending, sleep(closeLimit, undefined, { ref: false })]);
    this.stopping.abort();
    this.drop();
    await this.listening;
  }

  /** One of Postgres' channels for all of the service: they are of the whole database. */
  private get channel(): string {
    return `horde_${this.service}`;
  }

  private async send(): Promise<void> {
    while (this.unsent.size > 0) {
      const client = await this.connected.promise;
      const texts = [...this.unsent];
      this.unsent = new Set();
      // The sweeps find what could not be rung for.
      await client.query(notify, [this.channel, texts]).catch(() => undefined);
    }
    this.sending = null;
  }

  private async listen(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await this.connect();
        failures = 1;
        this.listeners.ringAll();
        await this.untilLost();
      } catch {
        // It is made again in any case.
      }
      this.drop();
      const pause = around(doublingPause(failures, reconnectPauses));
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async connect(): Promise<void> {
    const client = new WatchedClient(connectionConfig({ url: this.url, name: `${this.service} (doorbell)` }));
    this.client = client;
    client.on('error', () => undefined); // its end is what counts
    client.on('notification', ({ payload = '' }) => {
      const ring = readRing(this.self, payload);
      if (ring) this.listeners.ring(ring.channel, ring.payload);
    });
    await client.connect();
    await client.query(`listen ${this.channel}`);
    this.isConnected = true;
    this.connected.resolve(client);
  }

  private async untilLost(): Promise<void> {
    const client = this.client!;
    const ended = Promise.withResolvers<void>();
    client.once('end', ended.resolve);
    const timer = setInterval(() => {
      const late = setTimeout(ended.resolve, pulseLimit).unref();
      client.query('select').then(
        () => clearTimeout(late),
        () => ended.resolve(),
      );
    }, pulse).unref();
    await ended.promise;
    clearInterval(timer);
  }

  /** Without a farewell: the server may be away. */
  private drop(): void {
    this.client?.cut();
    this.client = null;
    if (this.isConnected) this.connected = Promise.withResolvers();
    this.isConnected = false;
  }
}
