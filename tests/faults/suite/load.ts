import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal } from '@horde/protocol';
import type { HordeClient, Job, JobSpec } from '@horde/sdk';
import { executorClass } from './environment.ts';
import type { UserJob } from './history.ts';

/** Prints so many lines, one each tenth of a second, and ends with an exit code. */
const script = 'i=0; while [ $i -lt $2 ]; do i=$((i+1)); echo "line $i of $2"; sleep 0.1; done; exit $1';
/** Ends by taking all the memory that there is. */
const hungryScript = script.replace('exit $1', 'tail /dev/zero');

interface Kind {
  lines: number;
  exitCode: number;
  /** Its user cancels it as soon as it is accepted. */
  cancelled: boolean;
  /** It runs out of memory, where it may not take any more. */
  hungry: boolean;
}

/** Users' jobs: so many in flight all the time, each followed by its events. */
export class Load {
  private readonly following = new Map<string, { user: UserJob; job: Job; kind: Kind }>();
  private readonly ended: UserJob[] = [];
  private readonly completedAt: number[] = [];
  private readonly watchers = new Set<() => void>();
  private readonly stop = new AbortController();
  private readonly lanes: Promise<void>[] = [];
  /** What the creation of jobs was refused with. */
  readonly refusals: string[] = [];
  /** What the following of jobs was given up with. */
  readonly lost: string[] = [];

  constructor(
    private readonly clients: readonly HordeClient[],
    private readonly image: string,
    private readonly random: () => number,
    private readonly isStreamed: boolean,
    /** Whether jobs have a limit of memory. */
    private readonly isLimited: boolean,
  ) {}

  start(inFlight: number): void {
    for (let lane = 0; lane < inFlight; lane++)
      this.lanes.push(this.keepGoing(this.clients[lane % this.clients.length]!));
  }

  /** Creates no more jobs. Resolves when those in flight have ended, or after a limit. @param limit ms */
  async finish(limit: number): Promise<void> {
    this.stop.abort();
    const timeout = new AbortController();
    await Promise.race([
      Promise.all(this.lanes),
      sleep(limit, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
  }

  /** Asks for jobs whose following was given up. */
  async lookAgain(): Promise<void> {
    for (const { user, job, kind } of this.following.values()) {
      await job.refresh().catch(() => undefined); // it is not known any more
      noteEnd(user, job, kind);
    }
  }

  get jobs(): UserJob[] {
    return [...this.ended, ...[...this.following.values()].map(({ user }) => user)];
  }

  /** Resolves when a job has completed from now on. @returns after how long, ms; null: none has within the limit, ms */
  async completes(limit: number): Promise<number | null> {
    const began = performance.now();
    const before = this.completedAt.length;
    const does = await this.until(() => this.completedAt.length > before, limit);
    return does ? performance.now() - began : null;
  }

  private async until(holds: () => boolean, limit: number): Promise<boolean> {
    if (holds()) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = () => holds() && resolve(true);
    const timer = setTimeout(() => resolve(false), limit);
    this.watchers.add(look);
    const does = await promise;
    clearTimeout(timer);
    this.watchers.delete(look);
    return does;
  }

  private async keepGoing(client: HordeClient): Promise<void> {
    while (!this.stop.signal.aborted) {
      const kind = this.draw();
      const job = await client.createJob(specOf(kind, this.image)).catch((error: unknown) => {
        this.refusals.push(String(error));
        return null;
      });
      if (job === null) await sleep(500);
      else await this.follow(job, kind).catch((error: unknown) => this.lost.push(String(error)));
    }
  }

  private draw(): Kind {
    const which = this.random();
    const lines = 3 + Math.floor(this.random() * (which < 0.2 ? 80 : 15));
    return {
      lines,
      exitCode: which > 0.9 ? 3 : 0,
      cancelled: which > 0.8 && which <= 0.9,
      hungry: this.isLimited && which > 0.72 && which <= 0.8,
    };
  }

  private async follow(job: Job, kind: Kind): Promise<void> {
    const user: UserJob = {
      uuid: job.uuid,
      prints: printed(kind.lines),
      streamed: this.isStreamed ? '' : null,
      breaks: 0,
      end: null,
      reason: null,
      ran: false,
      stdout: null,
    };
    this.following.set(job.uuid, { user, job, kind });
    for await (const event of job.events()) {
      if (event.type === 'gap' && user.streamed !== null) user.breaks++;
      if (event.type === 'output' && user.streamed !== null) {
        if (event.stream !== 'stdout' || event.offset !== user.streamed.length) user.breaks++;
        user.streamed += event.text;
      }
      if (kind.cancelled && event.type === 'status' && event.status === 'accepted')
        void job.cancel().catch(() => undefined);
    }
    noteEnd(user, job, kind);
    this.following.delete(job.uuid);
    this.ended.push(user);
    if (user.end === 'completed') this.completedAt.push(performance.now());
    this.changed();
  }

  private changed(): void {
    for (const look of this.watchers) look();
  }
}

function noteEnd(user: UserJob, job: Job, { exitCode }: Kind): void {
  const { status, error, result } = job;
  user.end = isTerminal(status) ? status : null;
  user.reason = error?.reason ?? null;
  user.ran = status === 'completed' || (exitCode !== 0 && error?.exitStatus === exitCode);
  user.stdout = status === 'completed' ? result!.stdout : (error?.stdout ?? null);
}

const printed = (lines: number): string =>
  Array.from({ length: lines }, (_, at) => `line ${at + 1} of ${lines}\n`).join('');

const specOf = ({ lines, exitCode, hungry }: Kind, dockerImage: string): JobSpec => ({
  executorClass,
  jobNamespace: 'faults.1',
  dockerImage,
  args: ['sh', '-c', hungry ? hungryScript : script, 'job', String(exitCode), String(lines)],
  downloadTimeLimit: 60,
  executionTimeLimit: 120,
  uploadTimeLimit: 60,
});
