import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@horde/operations';
import { isTraced, openCollector, places, type Span } from '@horde/tracing';
import type { Stage } from './stages.ts';

/** How long an executor stays at most for the collector to take its spans. @unit ms */
const patience = 1_000;

/** When a job's stages began on this machine, for whoever collects traces. */
export class JobTrace {
  private readonly stages: { stage: Stage; at: Date }[];

  /** @param start when the executor began to work for the job */
  constructor(
    private readonly job: string,
    private readonly start: Date,
  ) {
    this.stages = [{ stage: 'executor_startup', at: start }];
  }

  enter(stage: Stage): void {
    this.stages.push({ stage, at: new Date() });
  }

  /**
   * Tells the collector that the environment names, if any; never rejects.
   *
   * @param failure the wire's word for why the job failed; null: it did not
   */
  async tell(failure: string | null, logger: Logger): Promise<void> {
    if (!isTraced(process.env)) return;
    const spans = this.spans(new Date(), failure);
    const told = openCollector('executor').then((collector) => collector.take(spans));
    const late = sleep(patience, undefined, { ref: false }).then(() => {
      throw new Error(`It did not within ${patience} ms.`);
    });
    await Promise.race([told, late]).catch((error: unknown) =>
      logger.warn({ error }, "the collector did not take the job's trace"),
    );
  }

  private spans(end: Date, failure: string | null): Span[] {
    const { job, start, stages } = this;
    const parts = stages.map(({ stage, at }, i): Span => {
      const next = stages[i + 1];
      const place = `${places.executor}/${stage}`;
      return {
        job,
        place,
        parent: places.executor,
        name: stage,
        start: at,
        end: next?.at ?? end,
        failure: next ? null : failure,
      };
    });
    const { executor: place, executorRun: parent } = places;
    return [
      { job, place, parent, name: 'job at the executor', kind: 'server', start, end, failure },
      ...parts,
    ];
  }
}
