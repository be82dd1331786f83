import { appendFile } from 'node:fs/promises';
import {
  ProcessExecutorManager,
  type ExecutorHandle,
  type ExecutorManagerContext,
  type Manifest,
  type StartExecutor,
} from '@horde/executor-manager';

/**
 * Rents this machine out at certain hours only, and keeps a record of every executor. All else is as with executors
 * that are processes.
 */
export class NightShiftExecutorManager extends ProcessExecutorManager {
  /** The hours from which and until which there are executors, in UTC: 22 and 6 is the night. */
  private readonly from = Number(process.env['SHIFT_FROM'] ?? 0);
  private readonly until = Number(process.env['SHIFT_UNTIL'] ?? 24);
  private readonly record = process.env['SHIFT_RECORD'] ?? '/tmp/horde-shift.jsonl';

  constructor({ process: options, log }: ExecutorManagerContext) {
    super(options);
    log(`There are executors from ${this.from} to ${this.until} h, UTC.`);
  }

  /** What is offered now; `start` has no other slots. An executor that runs when the shift ends may finish. */
  override async manifest(): Promise<Manifest> {
    return this.isOpen(new Date().getUTCHours()) ? super.manifest() : {};
  }

  protected override async launch(
    request: StartExecutor,
    place: string,
    signal: AbortSignal,
  ): Promise<ExecutorHandle> {
    const handle = await super.launch(request, place, signal);
    await this.note({ job: request.jobUuid, class: request.executorClass, pid: handle['pid'] });
    return handle;
  }

  private isOpen(hour: number): boolean {
    const { from, until } = this;
    return from <= until ? from <= hour && hour < until : hour >= from || hour < until;
  }

  private async note(facts: Record<string, string | number | null | undefined>): Promise<void> {
    await appendFile(this.record, `${JSON.stringify({ at: new Date().toISOString(), ...facts })}\n`);
  }
}
