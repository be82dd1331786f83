import { Injectable } from '@nestjs/common';

/**
 * - `refuse`: an error answer
 * - `delay`: the right answer, late
 * - `half`: the first half of the right answer, and then the end of the connection
 * - `silence`: no answer at all
 */
export type FaultKind = 'refuse' | 'delay' | 'half' | 'silence';

/** What goes wrong with calls of Pylon's API whose path has a text in it. */
export interface Fault {
  path: string;
  kind: FaultKind;
  /** Of `refuse`. */
  status: number;
  /** Of `delay`. @unit seconds */
  seconds: number;
  /** How many calls it still hits; null: all, until it is taken back. */
  times: number | null;
}

/** The faults that were asked for; a restart forgets them. */
@Injectable()
export class Faults {
  private faults: Fault[] = [];

  all(): readonly Fault[] {
    return this.faults;
  }

  set(faults: Fault[]): void {
    this.faults = faults;
  }

  /** The first that is for this call; it is used up once for it. */
  next(path: string): Fault | undefined {
    const fault = this.faults.find((candidate) => path.includes(candidate.path));
    if (fault && fault.times !== null && --fault.times === 0) {
      this.faults = this.faults.filter((other) => other !== fault);
    }
    return fault;
  }
}
