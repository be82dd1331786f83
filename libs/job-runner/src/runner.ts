/** What a job asks of the machine; the facts of the validator's job request that a runner needs. */
export interface JobSpec {
  /** Names the job's container and labels all that belongs to it. */
  jobUuid: string;
  /** Image reference; `:latest` is meant where it has neither tag nor digest. */
  image: string;
  /** Arguments as given to the container; empty: the image's own command. */
  command: string[];
  env: Map<string, string>;
  /** Absolute path inside the container that `JobFolders.artifacts` appears at; null or empty: nowhere. */
  artifactsDir: string | null;
  gpu: 'nvidia_all' | 'none';
  /** Seen by the job as /script.py, and run as `python /script.py` where `command` is empty; null: none. */
  script: string | null;
}

/** What a job that serves its user while it runs needs: its user's end of a TLS connection with two certificates. */
export interface StreamingRequest {
  /** The certificate (PEM) that a client has to show; no other gets through. */
  clientCertificate: string;
  /** The address that users reach this machine by, for the job's own certificate; null: not known. */
  address: string | null;
  /** The port that users reach the job on. */
  port: number;
  /** Milliseconds since the epoch; a job that does not answer `GET /health` with 200 by then has failed. */
  readyDeadline: number;
  /** Called once, when the job can be reached. */
  onReady: (door: StreamingDoor) => void;
}

/** Where users reach a streaming job. */
export interface StreamingDoor {
  /** The certificate (PEM) that the job is reached under, made for this job alone. */
  certificate: string;
  port: number;
}

/** One job's folders on this machine, made by `makeJobFolders`. */
export interface JobFolders {
  /** Holds the others; only the executor's own user can enter it. */
  root: string;
  /** Seen by the job as /volume. */
  volume: string;
  /** Seen by the job as /output. */
  output: string;
  /** Seen by the job as `JobSpec.artifactsDir`. */
  artifacts: string;
}

/** How a job ended. */
export interface Ending {
  /**
   * Null: killed at the deadline. 127 or 126: the command could not be found or started, `stderr` says why.
   * 128 + n: ended by signal n.
   */
  exitCode: number | null;
  timedOut: boolean;
  /**
   * The limit of the machine that the job ran into and failed by, as a sentence that names it; null: none. The exit
   * code is 137, unless a job whose one process was killed for its memory ended with another one.
   */
  limit: string | null;
  /**
   * Text of the stream, as ComputeHorde's results carry it: of more than 1 000 000 code points the first and the
   * last 500 000, with ` ... ` between. Bytes that are not UTF-8, and NUL, read as U+FFFD: a JSON column in
   * Postgres cannot hold NUL. The untouched bytes are in stdout.txt and stderr.txt in the output folder.
   */
  stdout: string;
  stderr: string;
  /** Null where the runner has no containers, or none was made. */
  containerId: string | null;
  imageId: string | null;
}

/** A job's output as far as it is stored, also when its files have been moved or removed. */
export interface StoredOutput {
  /** How much of each stream is stored by now: all of it when `run` returns or rejects. @unit bytes */
  readonly size: Readonly<Record<'stdout' | 'stderr', number>>;
  /** To be set by whoever wants to know when there is more. */
  onGrown: () => void;
  /** What is stored from `offset` on, at most `max` bytes; nothing once it is closed. */
  read(stream: 'stdout' | 'stderr', offset: number, max: number): Promise<Buffer>;
  close(): void;
}

export interface RunOptions {
  /** Aborting stops the job; `run` then rejects with the signal's reason. */
  signal: AbortSignal;
  /** Milliseconds since the epoch; a job that still runs then is killed. */
  deadline: number;
  /**
   * Gets the job's output while it comes, as the bytes that it wrote, each stream in its order. The chunk's memory is
   * used again after the call: copy what is kept. Must neither wait nor throw.
   */
  onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /**
   * Called once, before the job starts, with what is stored of its output; whoever gets it closes it. Must neither wait
   * nor throw.
   */
  onStored?: (output: StoredOutput) => void;
  /** The job is reached by its user while it runs; absent: it is not. */
  streaming?: StreamingRequest;
  /** Called before `run` rejects, if it had begun: what the job had printed by then, as in `Ending`. */
  onStopped?: (printed: Pick<Ending, 'stdout' | 'stderr'>) => void;
}

/**
 * What an executor runs a job through.
 *
 * Promises, checked for every runner by `jobRunnerConformance()`:
 * - `prepare` returns when `run` needs no network for that image, and rejects otherwise;
 * - `run` returns one ending for whatever the job does: it rejects only when aborted, when the machine fails, or when
 *   the spec is refused (`JobFailure`);
 * - stdout and stderr are kept apart, whole, in stdout.txt and stderr.txt of the output folder, whatever the job left
 *   there under these names; a job that prints more than the operator's limit is killed, and these hold all up to it;
 * - `onOutput` gets all that these files hold, in the same order; `onStopped` what was printed by a job that was stopped;
 * - what `onStored` gets has these bytes as soon as they are written, until it is closed;
 * - a job that ignores signals is killed at the deadline;
 * - when `run` returns or rejects, nothing that the job started still runs (a runner that is not isolated kills the
 *   job's process group: a process that left the group is out of its reach);
 * - `cleanUp` is idempotent, and stops a job that still runs.
 */
export interface JobRunner {
  /** Whether a job is kept from the machine's files, network and processes. */
  readonly isolated: boolean;
  /** @throws HordeError IMAGE_UNAVAILABLE, and where the image may not be run */
  prepare(image: string, signal: AbortSignal): Promise<void>;
  run(spec: JobSpec, folders: JobFolders, options: RunOptions): Promise<Ending>;
  cleanUp(jobUuid: string): Promise<void>;
}
