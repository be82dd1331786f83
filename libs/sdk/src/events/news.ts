import type { JobEvent, OutputStream } from './job-event.ts';

/** What of a job has been told, so that nothing is told twice: a stream may begin again, and polling has no cursor. */
export class News {
  private readonly statuses = new Set<string>();
  private readonly told: Record<OutputStream, number> = { stdout: 0, stderr: 0 };

  /** What is new in an event; null: nothing. */
  of(event: JobEvent): JobEvent | null {
    switch (event.type) {
      case 'status':
        return this.isNewStatus(event.status) ? event : null;
      case 'output':
        return this.newOutput(event);
      case 'gap': {
        if (event.to <= this.told[event.stream]) return null;
        this.told[event.stream] = event.to;
        return event;
      }
      default:
        return event;
    }
  }

  /** Each job is in each status once. */
  private isNewStatus(status: string): boolean {
    const isNew = !this.statuses.has(status);
    this.statuses.add(status);
    return isNew;
  }

  private newOutput(event: Extract<JobEvent, { type: 'output' }>): JobEvent | null {
    const told = this.told[event.stream];
    const end = event.offset + event.bytes.length;
    if (end <= told) return null;
    this.told[event.stream] = end;
    if (event.offset >= told) return event;
    const bytes = event.bytes.subarray(told - event.offset);
    return { ...event, offset: told, bytes, text: bytes.toString() };
  }
}
