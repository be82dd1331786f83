import type { Queue as BullQueue } from 'bullmq';

/** What a schedule that did not ring here may be late beyond its interval before it is looked at. @unit ms */
const grace = 1_000;

interface Schedule {
  name: string;
  id: string;
  /** ms */
  interval: number;
  /** Fires when the schedule has not rung in this process for longer than two of its intervals. */
  quiet: NodeJS.Timeout;
}

/**
 * The schedules that this process has asked for. BullMQ keeps them as one next entry each, which is made when the last one
 * begins; an entry is lost with a Redis, and where a process asks for a schedule while another works on its entry
 * (BullMQ 6.7, github.com/taskforcesh/bullmq/issues/3262). So each process that has asked looks after its own.
 */
export class Schedules {
  private readonly all = new Map<string, Schedule>();

  /** @param keyOf an entry's key in the store */
  constructor(
    private readonly queue: BullQueue,
    private readonly keyOf: (name: string, id: string) => string,
  ) {}

  /** @param interval ms */
  async add(name: string, id: string, interval: number): Promise<void> {
    const key = this.keyOf(name, id);
    clearTimeout(this.all.get(key)?.quiet);
    const quiet = setTimeout(() => void this.mend(key), 2 * interval + grace).unref();
    const schedule = { name, id, interval, quiet };
    this.all.set(key, schedule);
    await this.setUp(schedule);
  }

  /** The schedule of an entry that is being worked on here, where it is one's, goes on. */
  rung(name: string, id: string): void {
    this.all.get(this.keyOf(name, id))?.quiet.refresh();
  }

  /** Sets all of them up, in a store that may have lost them. */
  async again(): Promise<void> {
    for (const schedule of this.all.values()) await this.setUp(schedule).catch(() => undefined);
  }

  close(): void {
    for (const { quiet } of this.all.values()) clearTimeout(quiet);
    this.all.clear();
  }

  /** It may as well ring in another process, which is what its next entry's time tells. */
  private async mend(key: string): Promise<void> {
    const schedule = this.all.get(key);
    if (!schedule) return;
    schedule.quiet.refresh();
    try {
      const next = (await this.queue.getJobScheduler(key))?.next ?? 0;
      if (this.all.has(key) && next + schedule.interval + grace < Date.now()) await this.setUp(schedule);
    } catch {
      // A store that does not answer is told of by its worker, and looked at again.
    }
  }

  private async setUp({ name, id, interval }: Schedule): Promise<void> {
    const options = { removeOnComplete: true, removeOnFail: true };
    await this.queue.upsertJobScheduler(this.keyOf(name, id), { every: interval }, { name, opts: options });
  }
}
