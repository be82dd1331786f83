import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Doorbell } from '@horde/database';
import { LOGGER, troubleLog, type Logger } from '@horde/operations';
import type { MinerCheck, MinerCheckEvent } from '@horde/panel-api';
import type { Response } from 'express';
import { checkBell, CheckRuns } from './check-runs.ts';

/** How often is looked for news that nobody rang for, and whether the reader may still read. @unit ms */
const sweep = 10_000;
/** How many may read at once. */
const maxReaders = 32;

interface Reader {
  response: Response;
  isAllowed: () => Promise<boolean>;
  /** What it has been sent of each check's last run. */
  seen: Map<string, MinerCheck>;
}

/** Tells readers of the checks how these go on, as server-sent events: `MinerCheckEvent`. */
@Injectable()
export class CheckStreams implements BeforeApplicationShutdown {
  private readonly readers = new Set<Reader>();
  private readonly trouble: ReturnType<typeof troubleLog>;
  private timer: NodeJS.Timeout | undefined;
  private listening: (() => void) | undefined;
  private reading: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly runs: CheckRuns,
    private readonly doorbell: Doorbell,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.trouble = troubleLog((error) => logger.error({ error }, 'the runs of checks could not be read'));
  }

  beforeApplicationShutdown(): void {
    for (const { response } of this.readers) response.end();
  }

  /** @param isAllowed whether the reader may still read @returns false when too many do */
  open(response: Response, isAllowed: () => Promise<boolean>): boolean {
    if (this.readers.size >= maxReaders) return false;
    const reader = { response, isAllowed, seen: new Map() };
    response.on('close', () => this.leave(reader));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write(':\n\n');
    this.readers.add(reader);
    this.listening ??= this.doorbell.on(checkBell, () => this.look());
    this.timer ??= setInterval(() => void this.keep(), sweep).unref();
    this.look();
    return true;
  }

  private leave(reader: Reader): void {
    this.readers.delete(reader);
    if (this.readers.size > 0) return;
    this.listening?.();
    clearInterval(this.timer);
    this.listening = this.timer = undefined;
  }

  private async keep(): Promise<void> {
    for (const { response, isAllowed } of this.readers) {
      if (await isAllowed().catch(() => true)) response.write(':\n\n');
      else response.end();
    }
    this.look();
  }

  private look(): void {
    this.again = true;
    this.reading ??= this.tell()
      .then(this.trouble.over, this.trouble.is)
      .finally(() => {
        this.reading = null;
        if (this.again && this.readers.size > 0) this.look();
      });
  }

  private async tell(): Promise<void> {
    while (this.again) {
      this.again = false;
      const checks = await this.runs.all();
      for (const reader of this.readers) for (const check of checks) send(reader, check);
    }
  }
}

/** Sends what of a check's last run is new to a reader. */
function send({ response, seen }: Reader, check: MinerCheck): void {
  const before = seen.get(check.name);
  const { output, ...facts } = check;
  const from = before?.id === check.id ? before.output.length : 0;
  if (before && before.id === check.id && before.state === check.state && from === output.length) return;
  seen.set(check.name, check);
  const event: MinerCheckEvent = { ...facts, from, text: output.slice(from) };
  response.write(`event: check\ndata: ${JSON.stringify(event)}\n\n`);
}
