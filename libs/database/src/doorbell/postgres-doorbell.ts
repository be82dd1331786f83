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
  type Ring,
  type RingListener,
} from './doorbell.ts';

/** LISTEN and NOTIFY. The connection that listens is made when the first listener comes. */
export class PostgresDoorbell implements Doorbell {
  private readonly self = randomUUID();
  private readonly listeners = new RingListeners();
  private readonly stopping = new AbortController();
  private readonly pending = new WeakMap<Transaction, Ring[]>();
  private client: WatchedClient | null = null;
  private listening: Promise<void> | null = null;

  constructor(
    private readonly service: string,
    private readonly url: string,
  ) {}

  ring(tx: Transaction, channel: string, payload: string): void {
    tx.afterCommit(() => this.listeners.ring(channel, payload));
    const rings = this.pending.get(tx);
    if (rings) return void rings.push({ channel, payload });
    const first = [{ channel, payload }];
    this.pending.set(tx, first);
    // Last, and all at once: what rings holds up others who ring until it is committed.
    tx.beforeCommit(async () => {
      const texts = [...new Set(first.map((ring) => writeRing(this.self, ring)))];
      await tx.manager.query('select pg_notify($1, text) from unnest($2::text[]) text', [
        this.channel,
        texts,
      ]);
    });
  }

  on(channel: string, listener: RingListener): () => void {
    this.listening ??= this.listen();
    return this.listeners.add(channel, listener);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.drop();
    await this.listening;
  }

  /** One of Postgres' channels for all of the service: they are of the whole database. */
  private get channel(): string {
    return `horde_${this.service}`;
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
  }
}
