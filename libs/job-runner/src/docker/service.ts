import type Docker from 'dockerode';
import type { RunOptions } from '../runner.ts';
import { openStreaming, type StreamingOptions } from '../streaming/streaming.ts';
import { fromEngine } from './engine.ts';

/** A streaming job's way to its user, as one run needs it. */
export interface Service {
  /** The network that the job's container has to be in. */
  network: string;
  /** Lets the user in once the job of a started container is healthy. */
  open(containerId: string, signal: AbortSignal): Promise<void>;
  /** Whether the user was let in. */
  isOpen(): boolean;
  close(): Promise<void>;
}

/** Prepares the way to a job's user; what was prepared is gone again when this is aborted. */
export async function openService(
  docker: Docker,
  job: { name: string; labels: Record<string, string> },
  { streaming, signal }: RunOptions,
  options: StreamingOptions,
): Promise<Service> {
  let opened = false;
  const onReady: NonNullable<typeof streaming>['onReady'] = (door) => {
    opened = true;
    streaming!.onReady(door);
  };
  const opening = openStreaming(docker, job, { ...streaming!, onReady }, options);
  try {
    const { network, ...way } = await fromEngine(opening, "make the job's network", { signal });
    return {
      network,
      open: (containerId, over) => way.ready(containerId, over),
      isOpen: () => opened,
      close: () => way.close(),
    };
  } catch (error) {
    opening.then(
      (late) => late.close(),
      () => {},
    );
    throw error;
  }
}
