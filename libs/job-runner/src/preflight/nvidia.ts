import { dirname, isAbsolute, join } from 'node:path';
import type Docker from 'dockerode';
import { ownContainer } from '../docker/own-container.ts';
import {
  gpuAccess,
  hasNvidiaRuntime,
  hasWarnings,
  type NvidiaEngine,
  type NvidiaOptions,
  nvidiaSmiInContainer,
  runHere,
  warningOf,
} from './nvidia-smi.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { engineMustRun, SecurityCheckFailed } from './security-check-failed.ts';

/**
 * The oldest toolkit through which jobs are not known to get out (CVE-2024-0132, CVE-2025-23359, CVE-2025-23266). To be
 * looked at with each release: https://github.com/NVIDIA/nvidia-container-toolkit/security/advisories
 */
export const oldestToolkit = '1.17.8';
const toolkitProgram = 'nvidia-container-toolkit';

export interface NvidiaCheckOptions extends NvidiaOptions {
  /** The oldest toolkit that will do. @default `oldestToolkit` */
  toolkit?: string | undefined;
  /** Told what is odd about GPUs that can be used. */
  warn?: ((sentence: string) => void) | undefined;
}

/**
 * Checks that GPUs reach a container, and that the toolkit that brings them there is not too old: by the programs of
 * this machine, or from the executor's own image where it runs in one.
 *
 * @param image for a container that looks at its devices, where the executor has no image of its own
 * @throws SecurityCheckFailed
 */
export async function checkNvidia(
  docker: Docker,
  engine: NvidiaEngine,
  image: string,
  options: NvidiaCheckOptions,
): Promise<void> {
  if (!hasNvidiaRuntime(engine, options.runtime))
    throw new SecurityCheckFailed(
      `The job needs GPUs, and the Docker engine has no runtime named ${options.runtime ?? 'nvidia'}: ` +
        'install the NVIDIA container toolkit, and run nvidia-ctk runtime configure --runtime=docker',
    );
  const ran = (program: string, run: Promise<ToolRun>) => engineMustRun(program, run, options.signal);
  const own = await ownContainer(docker);
  const [, gpus] = await Promise.all([
    checkToolkitOf(docker, engine, options),
    ran('nvidia-smi', own ? nvidiaSmiInContainer(docker, own.Image, ['-L'], options) : gpusHere(options)),
    own || ran('the NVIDIA runtime', devices(docker, image, options)).then(checkDevices),
  ]);
  checkGpus(gpus, options.warn);
}

/**
 * Checks that the toolkit of a runtime is not too old.
 *
 * @throws SecurityCheckFailed
 */
export async function checkToolkitOf(
  docker: Docker,
  engine: NvidiaEngine,
  options: NvidiaCheckOptions,
): Promise<void> {
  const own = await ownContainer(docker);
  const folder = toolkitFolder(engine, options.runtime);
  const asked = own ? toolkitOfHost(docker, own.Image, folder, options) : toolkitHere(folder, options);
  checkToolkit(await engineMustRun(toolkitProgram, asked, options.signal), options.toolkit);
}

/** The folder of the host that the runtime, and so the toolkit, is in. */
export function toolkitFolder(engine: NvidiaEngine, runtime?: string | null): string {
  const path = engine.Runtimes?.[runtime ?? 'nvidia']?.path ?? '';
  return isAbsolute(path) ? dirname(path) : '/usr/bin';
}

const toolkitHere = async (folder: string, { signal }: NvidiaOptions) =>
  (await runHere([toolkitProgram, '--version'], signal, [folder])) ?? notFound(toolkitProgram);

const gpusHere = async ({ signal }: NvidiaOptions) =>
  (await runHere(['nvidia-smi', '-L'], signal)) ?? notFound('nvidia-smi');

/** The host's program, and nothing else of the host, in a container of an image that holds the C library. */
export function toolkitOfHost(
  docker: Docker,
  image: string,
  folder: string,
  { labels, signal }: NvidiaOptions,
): Promise<ToolRun> {
  const Target = `/host/${toolkitProgram}`;
  const Mounts: Docker.MountSettings[] = [
    { Type: 'bind', Source: join(folder, toolkitProgram), Target, ReadOnly: true },
  ];
  return runTool(docker, { image, command: [Target, '--version'], labels, hostConfig: { Mounts }, signal });
}

function devices(docker: Docker, image: string, options: NvidiaOptions): Promise<ToolRun> {
  const command: [string, ...string[]] = ['/bin/busybox', 'sh', '-c', 'ls -d /dev/nvidia[0-9]* /dev/dxg; :'];
  const { labels, signal } = options;
  return runTool(docker, { image, command, labels, hostConfig: gpuAccess(options), signal });
}

/** @throws SecurityCheckFailed unless it is the toolkit's answer to `--version`, and new enough */
export function checkToolkit(run: ToolRun, oldest = oldestToolkit): void {
  const version = run.stdout.split('\n')[0]!.trim().split(/\s+/).at(-1)!;
  const parsed = /^v?(?<numbers>\d+\.\d+\.\d+)(?<before>[-~].*)?$/.exec(version)?.groups;
  if (run.exitCode !== 0 || !parsed)
    throw failed(`${toolkitProgram} --version did not tell its version`, run);
  const order = compare(parsed['numbers']!, oldest);
  if (order < 0 || (order === 0 && parsed['before']))
    throw new SecurityCheckFailed(
      `A job could get out of its container through this machine's NVIDIA container toolkit ${version} ` +
        `(CVE-2025-23266): ${oldest} or newer is needed.`,
      factsOf(run),
    );
}

/** @throws SecurityCheckFailed unless it is a list of at least one GPU */
export function checkGpus(run: ToolRun, warn: (sentence: string) => void = () => {}): void {
  if (run.exitCode !== 0 && run.exitCode !== hasWarnings) throw failed('nvidia-smi failed', run);
  if (!/^GPU \d+: /m.test(run.stdout)) throw failed('nvidia-smi lists no GPU', run);
  if (run.exitCode === hasWarnings) warn(`nvidia-smi warns: ${warningOf(run)}`);
}

function checkDevices(run: ToolRun): void {
  if (!run.stdout.includes('/dev/')) throw failed('The NVIDIA runtime brings no GPU into a container', run);
}

/** The newer one of two versions of three numbers each. */
export const newerVersion = (a: string, b: string): string => (compare(a, b) < 0 ? b : a);

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index === -1 ? 0 : left[index]! - right[index]!;
}

function notFound(program: string): never {
  throw new SecurityCheckFailed(`The job needs GPUs, and there is no ${program} on this machine.`);
}

function failed(what: string, run: ToolRun): SecurityCheckFailed {
  const said = (run.stderr.trim() || run.stdout.trim()).split('\n')[0] || 'it printed nothing';
  return new SecurityCheckFailed(`${what} (exit code ${run.exitCode}): ${said}`, factsOf(run));
}

const factsOf = ({ exitCode, stdout, stderr }: ToolRun) => ({ return_code: exitCode, stdout, stderr });
