import { randomUUID } from 'node:crypto';
import { askStreamingJob, fullReasonOf, makeStreamingUser, type StreamingUser } from '@horde/commands';
import {
  make,
  NewJob,
  StreamingDetails,
  type ExecutorClass,
  type StreamingServerDetails,
} from '@horde/protocol';
import { Command, Option } from 'nest-commander';
import { MinerCommand, readExecutorClass, usualPlace, type MinerOptions } from './miner-options.ts';
import { runLoneJob } from './run-lone-job.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options extends MinerOptions {
  executorClass?: ExecutorClass;
}

/** ComputeHorde's image for it: it waits for `/execute-job`, answers `OK`, and ends after `/terminate`. */
const image = 'backenddevelopersltd/compute-horde-streaming-job-test:v0-latest';
/** ComputeHorde's choice. */
const usualClass: ExecutorClass = 'always_on.llm.a6000';

@Command({
  name: 'debug_run_mock_streaming_job_to_miner',
  description:
    "run ComputeHorde's test of a streaming job at a miner, without allowance, and talk to it as its user does",
})
export class DebugRunMockStreamingJob extends MinerCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(_words: string[], options: Options): Promise<void> {
    const { minerHotkey: hotkey, minerAddress: ip, minerPort: port } = { ...usualPlace, ...options };
    const { executorClass = usualClass } = options;
    const user = await makeStreamingUser();
    const giveUp = new AbortController();
    const signal = AbortSignal.any([this.context.signal, giveUp.signal]);
    let problem: Error | null = null;
    const visit = (place: StreamingServerDetails) =>
      this.visit(place, user, signal).catch((error: unknown) => {
        problem = new Error(`The streaming job could not be used: ${fullReasonOf(error)}.`);
        giveUp.abort();
      });
    try {
      await runLoneJob(this.context, {
        request: jobOf(user, executorClass),
        miner: () => ({ hotkey, ip, port }),
        signal,
        onUpdate: ({ status, metadata }) => {
          if (status === 'streaming_ready' && metadata?.streaming_details)
            void visit(metadata.streaming_details);
        },
      });
    } catch (error) {
      throw problem ?? error;
    }
  }

  /** Has the job do its work, and end. @throws Error */
  private async visit(
    { streaming_server_address, streaming_server_port, streaming_server_cert }: StreamingServerDetails,
    user: StreamingUser,
    signal: AbortSignal,
  ): Promise<void> {
    const place = {
      host: streaming_server_address ?? '',
      port: streaming_server_port ?? 0,
      certificate: streaming_server_cert ?? '',
    };
    for (const path of ['/execute-job', '/terminate']) {
      const answer = await askStreamingJob(place, path, user, signal);
      this.context.print(`${path} at ${place.host} port ${place.port} answers ${answer}`);
      if (answer !== '200 OK') throw new Error(`${path} has to answer 200 OK`);
    }
  }

  @Option({
    flags: '--executor-class <class>',
    description: `the class of executor (default: ${usualClass})`,
  })
  executorClass(text: string): ExecutorClass {
    return readExecutorClass(text);
  }
}

const jobOf = ({ cert }: StreamingUser, executor_class: ExecutorClass): NewJob =>
  make(NewJob, {
    uuid: randomUUID(),
    executor_class,
    docker_image: image,
    args: ['python', './mock_streaming_job.py'],
    env: new Map(),
    streaming_details: make(StreamingDetails, { public_key: cert }),
    download_time_limit: 10,
    execution_time_limit: 100,
    upload_time_limit: 10,
    streaming_start_time_limit: 60,
  });
