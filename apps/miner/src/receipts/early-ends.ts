import type { JobFinishedPayload } from '@horde/protocol';

/** How many are kept, the newest. */
const most = 1_024;
/** One for whose blocks a validator needs more than this has not given up a job that nobody has accepted. @unit characters */
const longest = 4_096;

/** A finished receipt as its validator has sent it. */
export interface End {
  payload: JobFinishedPayload;
  signature: string;
  /** The hotkey that its connection has authenticated. */
  validator: string;
}

/**
 * Finished receipts that came before their jobs: a validator that has waited too long for an answer gives its job up on
 * another connection, and whoever was paused or cut off reads the two in any order. A job that is accepted behind its end
 * would keep an executor for nobody.
 */
export class EarlyEnds {
  private readonly ends = new Map<string, End>();

  /** To be called before it is looked whether the job is there. @param text what was signed */
  note(end: End, text: string): void {
    if (text.length > longest) return;
    this.ends.set(nameOf(end.payload.job_uuid, end.validator), end);
    for (const name of this.ends.keys()) {
      if (this.ends.size <= most) break;
      this.ends.delete(name);
    }
  }

  /** The end of a job, once: it is not kept any longer. */
  take(uuid: string, validator: string): End | null {
    const name = nameOf(uuid, validator);
    const end = this.ends.get(name) ?? null;
    this.ends.delete(name);
    return end;
  }
}

const nameOf = (uuid: string, validator: string): string => `${uuid} ${validator}`;
