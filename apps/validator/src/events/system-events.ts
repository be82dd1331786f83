import { Inject, Injectable } from '@nestjs/common';
import { Database, GatheredBell, PreparedStatement, type Transaction } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { withoutNuls } from '@horde/protocol';
import { SystemEvent, type SystemEventType } from './system-event.entity.ts';

/** Longer texts and larger data are cut: an event is a note, not an archive. @unit characters */
const maxDescription = 2_000;
const maxData = 10_000;

const insertEvent = new PreparedStatement(
  'insert into system_event (type, subtype, description, data) values ($1, $2, $3, $4)',
);

/** What is to be recorded. */
export interface NewSystemEvent {
  type: SystemEventType;
  /** As ComputeHorde names it: `SUCCESS`, `JOB_REJECTED`, … */
  subtype: string;
  /** A sentence. */
  description: string;
  /** What a program can make use of. */
  data?: Record<string, unknown>;
}

/** Records what happens to the validator; the newest events are kept for two days. */
@Injectable()
export class SystemEvents {
  constructor(
    private readonly database: Database,
    private readonly bell: GatheredBell,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Records an event by itself. Never rejects: what is noted must not depend on the note. */
  async record(event: NewSystemEvent): Promise<void> {
    try {
      await this.database.manager.insert(SystemEvent, rowOf(event));
      this.bell.ring('events');
    } catch (error) {
      this.logger.warn({ error, type: event.type, subtype: event.subtype }, 'an event could not be recorded');
    }
  }

  /** Records an event with what causes it. */
  recordIn(tx: Transaction, event: NewSystemEvent): void {
    const { type, subtype, description, data } = rowOf(event);
    tx.later(insertEvent, [type, subtype, description, JSON.stringify(data)]);
    tx.afterCommit(() => this.bell.ring('events'));
  }
}

function rowOf({ type, subtype, description, data = {} }: NewSystemEvent) {
  const text = withoutNuls(JSON.stringify(data).replaceAll('\\u0000', '\\ufffd'));
  return {
    type,
    subtype,
    description: withoutNuls(description.slice(0, maxDescription)),
    data: (text.length <= maxData ? JSON.parse(text) : { cut: text.slice(0, maxData) }) as object,
  };
}
