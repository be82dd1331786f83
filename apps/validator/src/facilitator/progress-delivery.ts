import { repeat, sparingly, type Logger } from '@horde/operations';
import { JobWait, make } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import type { JobBell } from '../jobs/job-bell.ts';
import type { ProgressRelay } from '../jobs/progress-relay.ts';
import type { WaitingJobs, WaitSentence } from '../jobs/waiting-jobs.ts';

/** How often it is looked whether jobs wait for something else than was told. @unit ms */
const waitInterval = 1_000;
/** So many looks are worth it after a ring: a wait counts once it has lasted for a moment. */
const looksAfterRing = 3;
/** Where no job waits, one look in so many is taken without a ring. */
const idleTurns = 10;
/** The waits of so many jobs are told at a time. */
const maxWaits = 2_000;
/** What may wait to be sent before progress is left out. @unit bytes */
const behind = 256 * 1024;

export interface ProgressParts {
  relay: ProgressRelay;
  waiting: WaitingJobs;
  jobBell: JobBell;
  logger: Logger;
}

/** Tells a facilitator over one connection what its jobs wait for, and how far their transfers are (`progress-1`). */
export class ProgressDelivery {
  private readonly endings: (() => void)[];
  /** What was said here of each job's wait. */
  private readonly said = new Map<string, string>();

  /**
   * @param told the jobs that the facilitator takes for waiting: it outlives the connection, and is kept up to date here
   */
  constructor(
    facilitator: string,
    private readonly connection: Connection,
    private readonly told: Set<string>,
    { relay, waiting, jobBell, logger }: ProgressParts,
  ) {
    let looks = looksAfterRing;
    const look = sparingly(
      idleTurns,
      () => looks <= 0 && told.size === 0,
      async () => {
        looks--;
        this.tellWaits(await waiting.sentencesFor(facilitator, maxWaits));
      },
    );
    this.endings = [
      relay.on(facilitator, (frame) => {
        if (connection.unsent < behind) void connection.sendText(frame);
      }),
      jobBell.on(() => void (looks = looksAfterRing)),
      repeat(look, waitInterval, (error) => logger.debug({ error }, 'what jobs wait for could not be told')),
    ];
  }

  stop(): void {
    for (const end of this.endings) end();
  }

  private tellWaits(waits: WaitSentence[]): void {
    for (const { uuid, waits_for, since, until } of waits) {
      const text = `${until} ${waits_for}`;
      if (this.said.get(uuid) === text) continue;
      this.said.set(uuid, text);
      this.told.add(uuid);
      void this.connection.send(make(JobWait, { job_uuid: uuid, waits_for, since, until }));
    }
    if (waits.length === maxWaits) return; // who is not among them may wait still
    const waiting = new Set(waits.map(({ uuid }) => uuid));
    for (const uuid of this.told) {
      if (waiting.has(uuid)) continue;
      this.told.delete(uuid);
      this.said.delete(uuid);
      void this.connection.send(make(JobWait, { job_uuid: uuid }));
    }
  }
}
