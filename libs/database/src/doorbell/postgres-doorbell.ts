import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { around, doublingPause, steadyNow } from '@horde/async';
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

/** How long the last rings may take at the end. @unit ms */
const closeLimit = 1_000;
/** So many rings wait for the connection; further ones are lost. */
const maxUnsent = 10_000;
/** A process that has heard of no other for so long is the only one: each shows with every pulse that it is there. @unit ms */
const longSilence = 2.5 * pulse;
/** The channel on which a process shows that it is there. */
const here = 'here';
/** What it says when it has rung for nobody, as it took itself for the only one. */
const wasAlone = 'was alone';

const notify = 'select pg_notify($1, text) from unnest($2::text[]) text';
/** Shows others that this process is there, and tells whether there is one that does not say so: of an earlier version. */
const lookAround = `select pg_notify($1, $2), exists (
    select from pg_stat_activity
    where application_name = $3 and datname = current_database() and pid <> pg_backend_pid()
  ) as others`;

/**
 * LISTEN and NOTIFY, on one connection that is made when there is somebody to listen, or something to ring for.
 *
 * Rings are sent when their transactions are committed, those of many together: a transaction that itself notifies holds
 * up the commits of all others that do, until it is on the disk. A process that is the only one of its service rings for
 * itself alone; one that comes then has everything looked at once more as soon as the first has heard of it.
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
  /** When another process was heard, or may have been missed, last. @unit ms since 1970 */
  private lastHeard = 0;

  /** @param aloneAfter the silence after which this process takes itself for the only one. @unit ms */
  constructor(
    private readonly service: string,
    private readonly url: string,
    private readonly aloneAfter = longSilence,
  ) {}

  ring(tx: Transaction, channel: string, payload: string): void {
    tx.afterCommit(() => {
      this.listeners.ring(channel, payload);
      if (!this.isAlone) this.ringOthers(channel, payload);
      this.listening ??= this.listen();
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

  private get connectionName(): string {
    return `${this.service} (doorbell)`;
  }

  private get isAlone(): boolean {
    return this.isConnected && steadyNow() - this.lastHeard > this.aloneAfter;
  }

  private ringOthers(channel: string, payload: string): void {
    if (this.unsent.size < maxUnsent) this.unsent.add(writeRing(this.self, { channel, payload }));
    this.sending ??= this.send();
  }

  private heard({ channel, payload }: Ring): void {
    const { isAlone } = this;
    this.lastHeard = steadyNow();
    if (isAlone) this.ringOthers(here, wasAlone);
    if (channel !== here) this.listeners.ring(channel, payload);
    else if (payload === wasAlone) this.listeners.ringAll();
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
    const client = new WatchedClient(connectionConfig({ url: this.url, name: this.connectionName }));
    this.client = client;
    client.on('error', () => undefined); // its end is what counts
    client.on('notification', ({ payload = '' }) => {
      const ring = readRing(this.self, payload);
      if (ring) this.heard(ring);
    });
    await client.connect();
    await client.query(`listen ${this.channel}`);
    this.lastHeard = steadyNow();
    this.isConnected = true;
    this.connected.resolve(client);
    this.ringOthers(here, '');
  }

  private async untilLost(): Promise<void> {
    const client = this.client!;
    const ended = Promise.withResolvers<void>();
    client.once('end', ended.resolve);
    const timer = setInterval(() => {
      const late = setTimeout(ended.resolve, pulseLimit).unref();
      this.lookAround(client).then(
        () => clearTimeout(late),
        () => ended.resolve(),
      );
    }, pulse).unref();
    await ended.promise;
    clearInterval(timer);
  }

  private async lookAround(client: WatchedClient): Promise<void> {
    const text = writeRing(this.self, { channel: here, payload: '' });
    const { rows } = await client.query<{ others: boolean }>(lookAround, [
      this.channel,
      text,
      this.connectionName,
    ]);
    if (rows[0]!.others) this.lastHeard = steadyNow();
  }

  /** Without a farewell: the server may be away. */
  private drop(): void {
    this.client?.cut();
    this.client = null;
    if (this.isConnected) this.connected = Promise.withResolvers();
    this.isConnected = false;
  }
}
