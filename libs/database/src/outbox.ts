import { EventEmitter } from 'node:events';
import { writeFrame } from '@horde/protocol';
import { Column, Entity, PrimaryGeneratedColumn, type QueryRunner } from 'typeorm';
import type { Database, Transaction } from './database.ts';
import type { Doorbell } from './doorbell/doorbell.ts';
import { PreparedStatement } from './prepared-statement.ts';

/** The doorbell's channel for new rows; the payload is the peer. */
const channel = 'outbox';

/** A frame that must reach a peer, stored in the transaction that caused it. */
@Entity('outbox')
export class OutboxRow {
  /** Rows of one peer are sent in this order. */
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  /** The peer's hotkey, or a name for it. */
  @Column('text') peer!: string;
  /** What the message is about: the job's uuid. */
  @Column('text') subject!: string;
  /** The message's `message_type`. */
  @Column('text') type!: string;
  /** The frame's exact text. */
  @Column('text') frame!: string;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}

/** The outbox's table, for a service's first migration. */
export async function createOutboxTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table outbox (
      id bigint generated always as identity primary key,
      peer text not null,
      subject text not null,
      type text not null,
      frame text not null,
      created_at timestamptz not null default now()
    )`);
  await runner.query('create index outbox_peer on outbox (peer, id)');
  await runner.query('create index outbox_subject on outbox (subject)');
}

/** What is sent of a row. */
export type OutboxMessage = Pick<OutboxRow, 'id' | 'subject' | 'type' | 'frame'>;

/** A message as it was stored. */
export interface StoredMessage extends OutboxMessage {
  /** The message about the same, for the same peer, that was there last; null: there was none. */
  after: string | null;
}

/** Frames up to this size go from who stores them to who sends them; others are read when they can be sent. @unit characters */
const maxHanded = 4 * 1024;

const insert = new PreparedStatement<Pick<StoredMessage, 'id' | 'after'>>(
  `insert into outbox (peer, subject, type, frame) values ($1, $2, $3, $4)
   returning id, (select max(id) from outbox where peer = $1 and subject = $2) as after`,
);

const remove = new PreparedStatement('delete from outbox where id = any ($1::bigint[])');

/** A message that waits, as it is read. */
interface WaitingRow extends OutboxRow {
  /** How many were looked at: more than are read where these are as large as may be read at once. */
  found: number;
}

/** A frame's size is known without reading the frame. */
const waiting = new PreparedStatement<WaitingRow>(
  `select id, peer, subject, type, frame, created_at, found from (
     select id, sum(size) over (order by id) - size as before, count(*) over ()::int as found from (
       select id, octet_length(frame) as size from outbox
       where peer = $1 and id <> all ($2::bigint[]) order by id limit $3
     ) oldest
   ) sized join outbox using (id)
   where before = 0 or before + octet_length(frame) <= $4::float8 order by id`,
);

/**
 * What puts a message into the outbox, as a part of a statement that stores what causes it: a row of the table `source` is
 * one message. After it, `Outbox.rung` is called in the same transaction. Each of the four is SQL. It returns their ids.
 */
export const insertMessage = (
  source: string,
  { peer, subject, type, frame }: Record<'peer' | 'subject' | 'type' | 'frame', string>,
): string =>
  `insert into outbox (peer, subject, type, frame) select ${peer}, ${subject}, ${type}, ${frame} from ${source}
   returning id`;

/**
 * Messages to peers. A row is written in the transaction that causes the message and stays until the peer has it,
 * so a crash between the two loses nothing: what is still here is sent again.
 */
export class Outbox {
  private readonly bell = new EventEmitter().setMaxListeners(0);
  private isListening = false;
  /** What the ring is for that is heard right now; null: that is to be read. */
  private fresh: StoredMessage[] | null = null;

  /** @param doorbell null: messages are sent by the process that stores them, and no other */
  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell | null = null,
  ) {}

  /** Stores a message for a peer, and rings for it, in all processes of the service, once the transaction is committed. */
  async put(
    tx: Transaction,
    peer: string,
    subject: string,
    message: { message_type: string },
  ): Promise<StoredMessage> {
    return this.putFrame(tx, peer, subject, message.message_type, writeFrame(message));
  }

  /** As `put`, with the frame's text: for a peer that reads another form than `writeFrame` makes. */
  async putFrame(
    tx: Transaction,
    peer: string,
    subject: string,
    type: string,
    frame: string,
  ): Promise<StoredMessage> {
    const [row] = await insert.run(tx.manager, [peer, subject, type, frame]);
    const stored = { ...row!, subject, type, frame };
    this.rung(tx, peer, [stored]);
    return stored;
  }

  /**
   * Rings for messages that a statement of the transaction has stored by itself, see `insertMessage`.
   *
   * @param messages all of them, in their order: who sends them here need not read them. @default they are not known
   */
  rung(tx: Transaction, peer: string, messages: StoredMessage[] | null = null): void {
    const isSmall = messages?.every(({ frame }) => frame.length <= maxHanded) ?? false;
    tx.afterCommit(() => (this.fresh = isSmall ? messages : null));
    if (this.doorbell) this.doorbell.ring(tx, channel, peer);
    else tx.afterCommit(() => this.bell.emit(peer, this.fresh));
    tx.afterCommit(() => (this.fresh = null));
  }

  /**
   * Calls `listener` whenever there may be something new for the peer: with it, or with null where it is to be read.
   * Returns a function that ends it.
   */
  onRing(peer: string, listener: (messages: StoredMessage[] | null) => void): () => void {
    if (!this.isListening) this.listen();
    this.bell.on(peer, listener);
    return () => this.bell.off(peer, listener);
  }

  private listen(): void {
    this.isListening = true;
    this.doorbell?.on(channel, (peer) => {
      for (const each of peer === null ? this.bell.eventNames() : [peer]) this.bell.emit(each, this.fresh);
    });
  }

  /**
   * The oldest messages for a peer, without those in `except`. Not "those after the last one": transactions commit in
   * another order than they take their ids.
   * @param maxRows no more than these
   * @param maxBytes no more than these together; the first is always among them
   */
  waiting(
    peer: string,
    except: Iterable<string> = [],
    { maxRows = 100, maxBytes = Infinity }: { maxRows?: number; maxBytes?: number } = {},
  ): Promise<WaitingRow[]> {
    return waiting.run(this.database.manager, [peer, [...except], maxRows, maxBytes]);
  }

  /** Those of these messages that are still here. */
  async remaining(ids: Iterable<string>): Promise<string[]> {
    const rows = await this.database.manager.query<{ id: string }[]>(
      'select id from outbox where id = any ($1::bigint[]) order by id',
      [[...ids]],
    );
    return rows.map(({ id }) => id);
  }

  /** The message with this id; null when it is no longer here. */
  find(id: string): Promise<OutboxRow | null> {
    return this.database.manager.findOneBy(OutboxRow, { id });
  }

  /** Puts another message in the place of one that the peer cannot read. */
  async replace(id: string, message: { message_type: string }): Promise<void> {
    const { message_type: type } = message;
    await this.database.manager.update(OutboxRow, { id }, { type, frame: writeFrame(message) });
  }

  /** The peer has these. */
  async delivered(...ids: string[]): Promise<void> {
    await remove.run(this.database.manager, [ids]);
  }

  /** Nothing about this subject needs to be sent to the peer any more. */
  async settle(tx: Transaction, peer: string, subject: string): Promise<void> {
    await tx.manager.delete(OutboxRow, { peer, subject });
  }
}
