import type { INestApplicationContext } from '@nestjs/common';
import { isTerminal, type JobStatusUpdate, type NewJob } from '@horde/protocol';
import { LoneJob } from '../driver/lone-job.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ValidatorSettings } from '../settings.ts';
import { ShownUpdates } from './shown-updates.ts';
import type { ValidatorContext } from './validator-context.ts';

/** A job of the operator's. */
interface OperatorsJob {
  request: NewJob;
  /** The miner that is to run it. */
  miner: (app: INestApplicationContext) => MinerAddress | Promise<MinerAddress>;
  /** Ends it. */
  signal: AbortSignal;
  /** Told of each status beside being shown it. @default nobody is */
  onUpdate?: (update: JobStatusUpdate) => void;
}

/** Runs a job that no facilitator has sent at one miner, and shows how it goes. @throws Error where it did not complete */
export async function runLoneJob(
  context: ValidatorContext,
  { request, miner: minerOf, signal, onUpdate }: OperatorsJob,
): Promise<void> {
  const { print } = context;
  let end: JobStatusUpdate | null = null;
  const show = (update: JobStatusUpdate) => {
    print(update.status);
    if (isTerminal(update.status)) end = update;
    onUpdate?.(update);
  };
  await context.useDriver(
    async (app) => {
      const miner = await minerOf(app);
      print(
        `The job ${request.uuid} is given to the miner ${miner.hotkey} at ${miner.ip} port ${miner.port}.`,
      );
      const { hotkey: debugMinerKey, ip: debugMinerAddress, port: debugMinerPort } = miner;
      Object.assign(app.get(ValidatorSettings), {
        debugMinerKey,
        debugMinerAddress,
        debugMinerPort,
        jobWaitLimit: 0,
      });
      await app.get(LoneJob).run(request, signal);
    },
    (outbox) => new ShownUpdates(outbox, show),
  );
  if (!end) throw new Error('Another process of the validator has taken the job over.');
  showEnd(print, end);
}

/** @throws Error where it did not complete */
function showEnd(print: (text: string) => void, { status, metadata }: JobStatusUpdate): void {
  const printed = metadata?.miner_response ?? metadata?.job_failure_details;
  for (const [name, text] of [
    ['stdout', printed?.docker_process_stdout],
    ['stderr', printed?.docker_process_stderr],
  ])
    if (text) print(`${name}:\n${text.replace(/\n$/, '')}`);
  if (status === 'completed') return;
  const { reason, message } = attemptEndOf({ status, metadata });
  throw new Error(`The job is ${status} (${reason}): ${message}`);
}
