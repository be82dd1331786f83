import type { Response } from 'express';
import type { JobStatus, OutputStream } from '@horde/protocol';
import type { Database } from '@horde/database';
import { ReaderIsGone, type Refusal, writeTo } from '@horde/rest';
import { readText } from '../jobs/job-rows.ts';
import type { Piece } from '../jobs/job-resource.ts';
import { eventPieces } from './job-event.ts';
import type { JobEvents } from './job-events.ts';
import type { Places } from './places.ts';
import type { EventKind, Reading } from './reading.ts';

/** How long the event that is being written may take when its reader may no longer read. @unit ms */
const refusalLimit = 1_000;

/** Why somebody may read. */
export interface ReaderLogin {
  /** Streams of one login have the same one. */
  key: string;
  /** Why a request of it would be refused now; null: it would not. */
  refusal: () => Promise<Refusal | null>;
}

/** What a stream needs of the rest; one object for all of them. */
export interface StreamParts {
  events: JobEvents;
  database: Database;
  /** Told of what kept a stream from being read on. */
  failed: (error: unknown, job: string) => void;
}

/**
 * One reader of one job's events. Nothing is kept for it: events are read when there is news and it has taken what came
 * before. While nothing happens it has no timer and asks for nothing.
 */
export class EventStream implements Reading {
  ended: JobStatus | null = null;
  readonly finished = new Set<OutputStream>();
  /** When it was sent something last. @unit ms, by `performance.now()` */
  lastSent = performance.now();
  private isReading = false;
  /** Of which kinds there may be new events. */
  private news = new Set<EventKind>();
  /** What the stream ends with, behind the event that is being written. */
  private refusal: string | null = null;

  constructor(
    readonly job: string,
    readonly places: Places,
    readonly login: ReaderLogin,
    private readonly response: Response,
    private readonly parts: StreamParts,
  ) {}

  /** There may be new events of these kinds. */
  wake(...kinds: EventKind[]): void {
    for (const kind of kinds) this.news.add(kind);
    if (this.isReading || this.isOver) return;
    this.isReading = true;
    this.readOn().catch((error: unknown) => {
      // Cut, its reader comes back and goes on where it was.
      this.response.destroy();
      if (!(error instanceof ReaderIsGone)) this.parts.failed(error, this.job);
    });
  }

  /** Shows the reader, and whatever is between, that the stream is alive. */
  comment(): void {
    if (this.isReading || this.isOver) return;
    this.response.write(':\n\n');
    this.lastSent = performance.now();
  }

  /** Ends the stream, and tells the reader what a request would be answered with now. */
  refuse({ status, body }: Refusal): void {
    if (this.isOver) return;
    const event = `event: refused\ndata: ${JSON.stringify({ status, ...(body as object) })}\n\n`;
    if (!this.isReading) return void this.response.end(event);
    this.refusal = event;
    // One that does not take the event that is being written is told at its next request.
    setTimeout(() => this.response.destroy(), refusalLimit).unref();
  }

  /** Ends the stream: this replica stops. */
  leave(): void {
    if (this.isReading) this.response.destroy();
    else this.response.end();
  }

  /** Whether it has come this far. */
  hasReached({ status, progress }: Pick<Places, 'status' | 'progress'>): boolean {
    return this.places.status === status && this.places.progress === progress;
  }

  private get isOver(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }

  private async readOn(): Promise<void> {
    try {
      while (this.news.size > 0) {
        const { news } = this;
        this.news = new Set();
        for await (const event of this.parts.events.unread(this, news)) {
          for (const piece of eventPieces(event, this.places)) await this.write(piece);
          this.lastSent = performance.now();
          if (event.type === 'end') return void this.response.end();
          if (this.refusal !== null) break;
        }
        if (this.refusal !== null) return void this.response.end(this.refusal);
      }
    } finally {
      this.isReading = false;
    }
  }

  /** Resolves when the reader can take more. @throws ReaderIsGone when it takes nothing for too long */
  private async write(piece: Piece): Promise<void> {
    if (typeof piece === 'string') return writeTo(this.response, piece);
    for await (const part of readText(this.parts.database, piece)) await writeTo(this.response, part);
  }
}
