import type { ExecutorClass } from '@horde/protocol';

/** How many executors of each class can run at the same time. */
export type Manifest = Partial<Record<ExecutorClass, number>>;

export interface StartExecutor {
  /** What the executor shows the miner; for one executor only. Letters, digits, `.`, `_` and `-`. */
  token: string;
  jobUuid: string;
  executorClass: ExecutorClass;
  /** The address the executor connects to: `ws://host:port`. */
  minerAddress: string;
  /** How long the executor may take to get ready, without its class's spin-up time. @unit seconds */
  startupTimeLimit: number;
  /** How long `start` itself may take, an image that has to be fetched included. @unit ms @default no limit */
  timeLimit?: number;
}

/** Where an executor is: plain data, stored with the job, so that a restarted miner finds it again. */
export type ExecutorHandle = Record<string, string | number | null>;

export interface ExitStatus {
  /** The exit code; null when it is not known any more. */
  code: number | null;
}

/** An executor that was found running. */
export interface RunningExecutor {
  token: string;
  handle: ExecutorHandle;
}

/** What has become of one image on one machine. */
export interface PreparedImage {
  /** The machine's name. */
  machine: string;
  image: string;
  /** Whether the image is on the machine now, be it an older one. */
  present: boolean;
  /** Why it was not fetched, a sentence; null: it is the registry's newest, or has no registry. */
  error: string | null;
}

/** How much of a machine's disk images of jobs may take. */
export interface JobImagesPolicy {
  /** All of them together, each with all of its layers; null: no limit. @unit bytes */
  mostBytes: number | null;
  /** The part of the disk, from 0 to 1, that stays free, as far as they are what takes it; 0: no limit. */
  leastFree: number;
  /** One that a job needed within that time stays: it may be about to be run, its volumes come first. @unit ms */
  unusedFor: number;
}

/** An image that an executor fetched for a job. */
export interface JobImage {
  image: string;
  /** With all of its layers, also those that it shares with others. */
  bytes: number;
  /** When a job needed it last, ISO 8601. */
  usedAt: string;
  /** Why it may not be removed now, for the middle of a sentence; null: it may. */
  kept: string | null;
}

/** The images of jobs on one machine. */
export interface JobImages {
  /** The machine's name. */
  machine: string;
  /** Those that are there, the one first that was not needed for longest. */
  images: JobImage[];
  /** Those that were removed just now. */
  removed: JobImage[];
  /** Why they could not be looked at, or not be removed, a sentence; null: nothing was in the way. */
  error: string | null;
}

/** Where executors of one class run: a line of the operator's file of servers, or all of a manager's of that class. */
export interface ExecutorHost {
  /** As the handles of its executors have it under `place`. */
  name: string;
  executorClass: ExecutorClass;
  /** How many there are to be at once, whether it can be reached or not. */
  executors: number;
  /** Why none can be started there now, a sentence; null: nothing is the matter. */
  trouble: string | null;
  /** Whether it gets no more executors, while those that it runs go on: it is about to be taken away. @default false */
  draining?: boolean;
  /** The free part, from 0 to 1, of the disk there with what jobs and images take. @default null, not known */
  diskFree?: number | null;
}

/**
 * Starts and stops executors on the machines that a miner owns. Most managers extend `BaseExecutorManager`, which
 * reserves and watches.
 *
 * Promises, checked for every manager by `executorManagerConformance`:
 * - `start` returns a handle or leaves nothing behind; it never does both;
 * - `start` reserves first: of any number of starts at once no more succeed than `manifest` says, the others fail with
 *   `NoFreeSlot`; a start that fails holds nothing;
 * - a handle is plain data and survives a restart of the miner: `recover` finds the executor again, which holds its
 *   slot from then on, or says `gone`;
 * - `stop` is idempotent, and returns when neither the executor nor its job's container runs any more;
 * - `wait` returns at once when the executor has ended, also for a handle of an earlier process; the slot is free then;
 * - `manifest` counts no slot that `start` would refuse, and where nothing is the matter, and none is draining, as many as
 *   `hosts` has.
 */
export interface ExecutorManager {
  manifest(): Promise<Manifest>;
  /** @throws NoFreeSlot, HostUnreachable, or what else went wrong, with a sentence */
  start(request: StartExecutor, signal: AbortSignal): Promise<ExecutorHandle>;
  /** `running` as long as nothing says that it ended: also of an executor on a machine that is out of reach now. */
  recover(handle: ExecutorHandle): Promise<'running' | 'gone'>;
  wait(handle: ExecutorHandle, signal: AbortSignal): Promise<ExitStatus>;
  /** @param grace how long it may take to stop by itself. @unit ms */
  stop(handle: ExecutorHandle, grace: number): Promise<void>;
  /** Host or IP that users reach streaming jobs on; null: the address the executor connects from. */
  publicAddress(handle: ExecutorHandle): Promise<string | null>;

  /** The hotkey that validators get as the main one; null: the miner's own rule. @default null */
  mainHotkey?(): Promise<string | null>;
  /**
   * Fetches the executor's own image, and these images of jobs, on every machine. Trouble is reported, not thrown.
   *
   * @default nothing to fetch
   */
  prepareImages?(images: string[], signal: AbortSignal): Promise<PreparedImage[]>;
  /**
   * Removes from every machine images that executors have fetched for jobs, those that were not needed for longest first,
   * until the rest keeps to the policy. Trouble is reported, not thrown.
   *
   * @param wanted images of jobs that stay, as `prepareImages` gets them
   * @default they stay
   */
  tidyJobImages?(wanted: string[], policy: JobImagesPolicy, signal: AbortSignal): Promise<JobImages[]>;
  /**
   * All executors that this miner, or an earlier process of it, has started and that run.
   *
   * @default nobody can tell
   * @throws HostUnreachable when a machine that may run one cannot be asked; it tells what runs `elsewhere`
   */
  running?(): Promise<RunningExecutor[]>;
  /** Where its executors run, for people: busy or free, in reach or not. @default one for each class of the manifest */
  hosts?(): Promise<ExecutorHost[]>;
  /**
   * Whether an executor is on a host that is being taken away, or is not named any more: one that waits for a job is stopped
   * then.
   *
   * @default none is
   */
  isLeaving?(handle: ExecutorHandle): Promise<boolean>;
  /**
   * Has one listener called when a host is reached, lost or given up; whether its engine answers nobody is told of.
   *
   * @default whoever wants to know asks `hosts` again
   */
  onHostsChange?(listener: () => void): void;
  /** Lets go of connections and of what waits; executors go on. @default nothing */
  close?(): Promise<void>;
}

/**
 * The port that users reach a streaming job on.
 *
 * @param handle of the job's executor; null: it has none
 * @param port the port that the executor listens on, on its machine
 * @returns `publicPort` of the handle where its manager knows that another port leads to the executor's, else `port`
 */
export function publicStreamingPort(handle: ExecutorHandle | null, port: number): number {
  const known = handle?.['publicPort'];
  return typeof known === 'number' ? known : port;
}
