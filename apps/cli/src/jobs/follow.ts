import { waitOf, type JobStatus } from '@horde/protocol';
import type { Job, JobEvent, ProgressEvent, WaitEvent } from '@horde/sdk';
import { bar, type Display } from '../terminal/display.ts';
import { plain, size, span } from '../terminal/words.ts';

/** Without a terminal a progress is told at its begin and end, and so often between. @unit ms */
const progressEvery = 10_000;

export interface FollowOptions {
  /** What the job prints is not shown. */
  quiet: boolean;
  /** Told each status. */
  onStatus?: (status: JobStatus) => Promise<void>;
}

/**
 * Shows what happens to a job until it has ended: statuses, what it waits for, progress, and what it prints. In a terminal
 * the last line changes; without one each of these is a line of its own.
 */
export async function follow(
  job: Job,
  display: Display,
  { quiet, onStatus }: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  const story = new Story(job, display);
  for await (const event of job.events({ signal, onAway: (why) => story.away(why) })) {
    if (event.type === 'output' && !quiet) display.pass(process[event.stream], event.bytes);
    else if (event.type === 'gap') display.say(gapSentence(event));
    else story.tell(event);
    if (event.type === 'status') await onStatus?.(event.status);
  }
  display.waiting(null);
}

export const gapSentence = ({ stream, from, to }: { stream: string; from: number; to: number }): string =>
  `[${size(to - from)} of ${stream} are not kept]`;

/** What a wait is for, and for how long at most. @param now ms since 1970 */
export function waitSentence({ waitsFor, until }: WaitEvent, now: number): string {
  const left = until === null ? 0 : until.getTime() - now;
  const sentence = plain(waitsFor!);
  return left > 0 ? `${sentence.replace(/\.$/, '')} (for ${span(left)} at most).` : sentence;
}

const verbs = { pull: 'pulling', download: 'downloading' } as const;
export const progressSentence = ({ stage, name, done, total }: ProgressEvent): string =>
  `${verbs[stage]} ${plain(name)} ${bar(done, total)}`;

/** @param why the facilitator cannot be heard; null: it is heard again */
export const awaySentence = (why: string | null): string =>
  why === null ? 'The facilitator answers again.' : `${plain(why)} Trying again…`;

class Story {
  private readonly toldAt = new Map<string, number>();
  private waitsFor: string | null = null;

  constructor(
    private readonly job: Job,
    private readonly display: Display,
  ) {}

  tell(event: JobEvent): void {
    if (event.type === 'status') {
      const seconds = (event.createdAt.getTime() - this.job.createdAt.getTime()) / 1000;
      this.display.say(`${Math.max(0, seconds).toFixed(2).padStart(7)} s  ${plain(event.status)}`);
      this.rest();
    } else if (event.type === 'wait') this.wait(event);
    else if (event.type === 'progress') this.progress(event);
  }

  /** The facilitator cannot be heard; null: it is heard again. The job does not depend on it. */
  away(why: string | null): void {
    this.display.say(`${' '.repeat(11)}${awaySentence(why)}`);
    if (why === null) this.rest();
    else this.display.waiting('waiting until the facilitator answers');
  }

  /** Waits for what the status waits for. */
  private rest(): void {
    const wait = waitOf(this.job.status);
    this.display.waiting(wait && `waiting until ${wait.next}`);
  }

  private wait(event: WaitEvent): void {
    const isNew = event.waitsFor !== this.waitsFor;
    this.waitsFor = event.waitsFor;
    if (event.waitsFor === null) return this.rest();
    const sentence = waitSentence(event, Date.now());
    if (this.display.isTerminal) this.display.waiting(sentence);
    else if (isNew) this.display.say(`${' '.repeat(11)}${sentence}`);
  }

  private progress(event: ProgressEvent): void {
    const sentence = progressSentence(event);
    if (this.display.isTerminal)
      return event.done === event.total ? this.rest() : this.display.waiting(sentence, false);
    const key = `${event.stage} ${event.name}`;
    const now = performance.now();
    const isDue = now - (this.toldAt.get(key) ?? -Infinity) > progressEvery;
    if (!isDue && event.done !== event.total) return;
    this.toldAt.set(key, now);
    this.display.say(`${' '.repeat(11)}${sentence}`);
  }
}
