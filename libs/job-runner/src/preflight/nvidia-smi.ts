import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import type Docker from 'dockerode';
import { gpuRequest, visibleGpus } from '../docker/gpus.ts';
import { ownContainer } from '../docker/own-container.ts';
import { runTool, type ToolRun } from './run-tool.ts';

/** What the engine says of the NVIDIA runtime. */
export interface NvidiaEngine {
  Runtimes?: Record<string, { path?: string }>;
}

export interface NvidiaOptions {
  /** Labels of the container, where one is needed. */
  labels: Record<string, string>;
  /** Name of the engine's runtime that brings GPUs into a container. @default nvidia */
  runtime?: string | null | undefined;
  /** The GPUs that are looked at, as in `ContainerLimits`. @default all of the machine */
  gpus?: string[] | null | undefined;
  /** How a container gets the GPUs. @default that runtime, and a request for these GPUs */
  access?: Docker.HostConfig;
  signal: AbortSignal;
}

/**
 * What nvidia-smi ends with where a GPU has something to warn of (a corrupted infoROM), which keeps nobody from using
 * it: all is printed as without.
 */
export const hasWarnings = 14;

/** The first line of what nvidia-smi printed that warns. */
export function warningOf({ stdout, stderr }: ToolRun): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  return lines.find((line) => /warning/i.test(line))?.slice(0, 300) ?? `it ended with ${hasWarnings}`;
}

/** How long a program of the driver may take: with a broken driver it hangs. @unit ms */
const patience = 20_000;
/** The runtime puts the driver's programs into /usr/bin, which an image may have left out of its PATH. */
const usualPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What gives a container the GPUs that jobs get. */
export const gpuAccess = ({ access, runtime, gpus }: NvidiaOptions): Docker.HostConfig =>
  access ?? {
    Runtime: runtime ?? 'nvidia',
    DeviceRequests: [gpuRequest(gpus, ['gpu', 'utility'])],
  };

/**
 * Runs `nvidia-smi` for the GPUs that jobs get: on this machine where it is on the PATH, else in a container of the
 * executor's own image, into which the engine's NVIDIA runtime brings it.
 *
 * @param args ask about GPUs, as with `--query-gpu`
 * @returns null where there is none: no such program, and no container of one's own or no NVIDIA runtime
 * @throws Error when the engine cannot start such a container, or no answer came within 20 s
 */
export async function runNvidiaSmi(
  docker: Docker | null,
  engine: NvidiaEngine,
  args: string[],
  options: NvidiaOptions,
): Promise<ToolRun | null> {
  const chosen = options.gpus ? await choose(options.gpus, options.signal) : [];
  const here = await runHere(['nvidia-smi', ...args, ...chosen], options.signal);
  if (here || !docker || !hasNvidiaRuntime(engine, options.runtime)) return here;
  const own = await ownContainer(docker);
  return own && nvidiaSmiInContainer(docker, own.Image, args, options);
}

/** The arguments that choose GPUs: of a part of one the whole, as nvidia-smi describes no parts. */
async function choose(gpus: string[], signal: AbortSignal): Promise<string[]> {
  if (!gpus.some(isPart)) return ['-i', gpus.join()];
  const listed = await runHere(['nvidia-smi', '-L'], signal);
  return ['-i', wholeGpus(listed?.stdout ?? '', gpus).join()];
}

const isPart = (gpu: string) => /^MIG-/i.test(gpu);

/**
 * The GPUs that these are, or are parts of.
 *
 * @param listed what `nvidia-smi -L` prints: a line for each GPU, under it those of its parts
 */
export function wholeGpus(listed: string, gpus: string[]): string[] {
  let whole = '';
  const parts = new Map<string, string>();
  for (const line of listed.split('\n')) {
    const uuid = /\(UUID: ([^)]+)\)/.exec(line)?.[1];
    if (uuid === undefined) continue;
    if (line.startsWith('GPU ')) whole = uuid;
    else parts.set(uuid.toLowerCase(), whole);
  }
  return [...new Set(gpus.map((gpu) => parts.get(gpu.toLowerCase()) ?? gpu))];
}

/** The same in a container of that image, which has to hold the C library. */
export function nvidiaSmiInContainer(
  docker: Docker,
  image: string,
  args: string[],
  options: NvidiaOptions,
): Promise<ToolRun> {
  return runTool(docker, {
    image,
    command: ['nvidia-smi', ...args],
    env: [
      usualPath,
      `NVIDIA_VISIBLE_DEVICES=${visibleGpus(options.gpus)}`,
      'NVIDIA_DRIVER_CAPABILITIES=utility',
    ],
    labels: options.labels,
    hostConfig: gpuAccess(options),
    signal: patient(options.signal, 'nvidia-smi'),
  });
}

/** Whether the engine has that runtime. */
export const hasNvidiaRuntime = (engine: NvidiaEngine, runtime?: string | null) =>
  engine.Runtimes?.[runtime ?? 'nvidia'] !== undefined;

/**
 * Runs a program of this machine.
 *
 * @param folders are searched after the PATH
 * @returns null where there is no such program
 */
export function runHere(
  [program, ...args]: [string, ...string[]],
  signal: AbortSignal,
  folders: string[] = [],
): Promise<ToolRun | null> {
  const searched = [process.env['PATH'] ?? '/usr/bin', ...folders];
  const env = { ...process.env, LC_ALL: 'C', PATH: searched.join(delimiter) };
  const limited = patient(signal, program);
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, signal: limited, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (limited.aborted) reject(limited.reason as Error);
      else if (!error) resolve({ exitCode: 0, stdout, stderr });
      else if (error.code === 'ENOENT') resolve(null);
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else if (error.signal)
        resolve({ exitCode: 128, stdout, stderr: `${stderr}killed by ${error.signal}\n` });
      else resolve({ exitCode: 126, stdout, stderr: `${stderr}${error.message}\n` });
    });
  });
}

function patient(signal: AbortSignal, program: string): AbortSignal {
  const limit = new AbortController();
  setTimeout(
    () => limit.abort(new Error(`${program} gave no answer within ${patience / 1000} s`)),
    patience,
  ).unref();
  return AbortSignal.any([signal, limit.signal]);
}
