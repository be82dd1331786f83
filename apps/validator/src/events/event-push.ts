import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database, GatheredBell } from '@horde/database';
import { Keypair } from '@horde/identity';
import { exchange, reasonOf } from '@horde/network';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import { Queues } from '@horde/queue';
import { ValidatorSettings } from '../settings.ts';
import type { SystemEvent } from './system-event.entity.ts';

/** How often events are sent, as ComputeHorde does. @unit ms */
const interval = 300_000;
/** So many are sent at once, as there. */
const maxEvents = 10_000;
/** How long the collector may take. @unit ms */
const answerLimit = 30_000;
/** Of its answer nothing is used. @unit bytes */
const maxAnswer = 100_000;

/** Sends the events that the collector of statistics has not got yet, oldest first. */
@Injectable()
export class EventPush implements OnApplicationBootstrap {
  private readonly trouble = troubleLog((error) =>
    this.logger.warn({ error }, 'the collector of statistics does not take the events; they are sent again'),
  );

  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
    private readonly queues: Queues,
    private readonly settings: ValidatorSettings,
    private readonly bell: GatheredBell,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const url = this.settings.statsCollector;
    if (url === null) return;
    const queue = this.queues.open('events');
    queue.work(() => this.push(url).then(() => this.trouble.over(), this.trouble.is), {
      onError: (error) => this.logger.error({ error }, 'the schedule of the events failed'),
    });
    await queue.every('push', interval);
  }

  /**
   * Sends what waits. An event that was taken while its mark could not be stored is sent again.
   *
   * @param base of the collector's addresses, with a `/` at its end
   * @param limit how long it may take. @unit ms
   * @returns how many were taken
   */
  async push(base: string, limit = answerLimit): Promise<number> {
    const events = await this.database.manager.query<SystemEvent[]>(
      'select id, type, subtype, at, description, data from system_event where sent_at is null order by id limit $1',
      [maxEvents],
    );
    if (events.length === 0) return 0;
    await this.send(new URL(`validator/${this.keypair.address}/system_events`, base), events, limit);
    await this.database.manager.query(
      'update system_event set sent_at = now() where id = any($1::bigint[])',
      [events.map(({ id }) => id)],
    );
    this.bell.ring('events');
    return events.length;
  }

  private async send(url: URL, events: SystemEvent[], limit: number): Promise<void> {
    const body = JSON.stringify(
      events.map(({ type, subtype, at, description, data }) => ({
        type,
        subtype,
        timestamp: at.toISOString(),
        data: { ...data, description },
      })),
    );
    const { status } = await exchange(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.signature() },
      body,
      maxBytes: maxAnswer,
      signal: AbortSignal.timeout(limit),
    }).catch((error: unknown) => {
      throw new Error(`${url.origin} does not answer: ${reasonOf(error)}.`, { cause: error });
    });
    if (status !== 201) throw new Error(`${url.origin} answered with ${status}.`);
  }

  /** ComputeHorde's collector checks who sends: the time and the hotkey are signed, not the events. */
  private signature(): Record<string, string> {
    const signing_timestamp = Math.floor(Date.now() / 1_000);
    const signed = `{"signing_timestamp": ${signing_timestamp}, "validator_ss58_address": "${this.keypair.address}"}`;
    return {
      'Validator-Signature': this.keypair.signHex(signed),
      'Validator-Signing-Timestamp': String(signing_timestamp),
    };
  }
}
