import type Docker from 'dockerode';
import { failures } from '../failures.ts';
import { Demultiplexer } from '../output/demultiplex.ts';
import type { JobOutput } from '../output/job-output.ts';
import type { Ending, RunOptions } from '../runner.ts';
import { untilDeadline } from '../until-deadline.ts';
import { attach, type Attached } from './attach.ts';
import type { DiskWatch } from './disk-watch.ts';
import { fromEngine, killContainer, removeContainer, statusOf } from './engine.ts';
import { outOfMemory } from './limits.ts';
import { ranOutOfMemory } from './out-of-memory.ts';
import type { Service } from './service.ts';
import { commandNotStartable, refusedSpec } from './start-error.ts';

/** How long the engine may take to hand over the last output of a container that is gone, in milliseconds. */
const lastOutputLimit = 10_000;
/** The same for a job that was stopped while it was started, in milliseconds. */
const abortedOutputLimit = 2_000;

export interface ContainerRun {
  output: JobOutput;
  artifactsDir: string | null;
  /** Called once the container runs: rejecting ends the job. */
  afterStart: (containerId: string) => Promise<void>;
  diskOverrun: DiskWatch;
  service: Service | undefined;
}

export type Outcome = Omit<Ending, 'stdout' | 'stderr'>;

type End = { exitCode: number } | { limit: string };

/**
 * Makes a container and follows it to its end. It is gone when this returns or throws, unless the engine does not
 * answer: then it goes when the engine does.
 */
export async function runContainer(
  docker: Docker,
  create: Docker.ContainerCreateOptions,
  options: RunOptions,
  run: ContainerRun,
): Promise<Outcome> {
  options.signal.throwIfAborted();
  const creating = createContainer(docker, create);
  let container: Docker.Container | null = null;
  try {
    container = await fromEngine(creating, "make the job's container", { signal: options.signal });
    const outcome = await runCreated(docker, container, options, run);
    const isOutOfMemory =
      outcome.exitCode && !outcome.limit && (await ranOutOfMemory(docker, container, outcome.exitCode));
    return isOutOfMemory ? { ...outcome, limit: outOfMemory(create.HostConfig?.Memory) } : outcome;
  } catch (error) {
    if (options.signal.aborted || !statusOf(error)) throw error;
    const unstartable = commandNotStartable(error);
    if (!unstartable)
      throw refusedSpec(error, { image: create.Image!, artifactsDir: run.artifactsDir }) ?? error;
    await run.output.write('stderr', Buffer.from(`${unstartable.sentence}\n`));
    const containerId = container?.id ?? null;
    return { exitCode: unstartable.exitCode, timedOut: false, limit: null, containerId, imageId: null };
  } finally {
    // Best effort: the job's result matters more than what is left of its container, which cleanUp() sees to.
    const removed = creating.then(removeContainer).catch(() => {});
    if (container) await removed;
  }
}

/** The client would put all options into the request's address as well, and an address has a limit. */
function createContainer(docker: Docker, create: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  const { name, platform, ...body } = create;
  const query = { name, ...(platform && { platform }) };
  return docker.createContainer({ _query: query, _body: body } as Docker.ContainerCreateOptions);
}

async function runCreated(
  docker: Docker,
  container: Docker.Container,
  options: RunOptions,
  run: ContainerRun,
): Promise<Outcome> {
  const { signal } = options;
  const splitter = new Demultiplexer(run.output);
  const attaching = attach(docker, container, (chunk) => splitter.push(chunk));
  const over = new AbortController();
  try {
    const attached = await fromEngine(attaching, "give the job's output", { signal });
    await fromEngine(container.start(), 'start the job', { signal }).catch(async (error: unknown) => {
      if (signal.aborted) await outputSoFar(container, attached);
      throw error;
    });
    return await follow(container, attached, options, run, over.signal);
  } finally {
    over.abort(new Error('The job has ended.'));
    attaching.then(
      (attached) => attached.close(),
      () => {},
    );
  }
}

async function follow(
  container: Docker.Container,
  attached: Attached,
  options: RunOptions,
  run: ContainerRun,
  over: AbortSignal,
): Promise<Outcome> {
  const image = fromEngine(container.inspect(), 'describe the job').then(
    (details) => details.Image,
    () => null, // a result without it is better than none
  );
  const exited = (container.wait() as Promise<{ StatusCode: number }>).then((end) => end.StatusCode);
  // What fails of these ends the job at once; what goes well leaves it running.
  const beside = [
    attached.ended,
    run.output.failed,
    run.afterStart(container.id),
    ...(run.service ? [run.service.open(container.id, over)] : []),
  ];
  const endings: Promise<End>[] = [
    exited.then((exitCode) => ({ exitCode })),
    run.output.overLimit.then((limit) => ({ limit })),
    run.diskOverrun(container, over).then((limit) => ({ limit })),
    Promise.all(beside).then(() => exited.then((exitCode) => ({ exitCode }))),
  ];
  for (const ending of endings) ending.catch(() => {});

  let end: End | null;
  try {
    end = await untilDeadline(Promise.race(endings), options, () => killContainer(container, exited));
    if (end && 'limit' in end) await killContainer(container, exited);
  } finally {
    await lastOutput(attached); // of a job that was stopped too
  }

  const facts = { containerId: container.id, imageId: await image };
  if (!end) return { ...facts, exitCode: null, timedOut: true, limit: null };
  if ('limit' in end) return { ...facts, exitCode: 137, timedOut: false, limit: end.limit };
  if (end.exitCode === 0 && run.service && !run.service.isOpen()) throw failures.STREAMING_ENDED_EARLY();
  return { ...facts, exitCode: end.exitCode, timedOut: false, limit: null };
}

/** What a container has printed that runs already, though the engine has not yet said so. */
async function outputSoFar(container: Docker.Container, attached: Attached): Promise<void> {
  try {
    await fromEngine(container.kill(), 'kill the job', { limit: abortedOutputLimit });
  } catch {
    return; // it does not run: there is none
  }
  await lastOutput(attached, abortedOutputLimit);
}

/** Waits for the output of a container that ended; gives up on it rather than on the job. */
async function lastOutput(attached: Attached, most = lastOutputLimit): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, most);
  const ended = attached.ended.catch(() => {}); // what went wrong has ended the job already
  await Promise.race([ended, limit.promise]).finally(() => clearTimeout(timer));
}
