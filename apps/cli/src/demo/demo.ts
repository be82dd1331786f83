import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import Docker from 'dockerode';
import { waitOf, type JobStatus } from '@horde/protocol';
import { HordeClient, type Job } from '@horde/sdk';
import { networkLabel } from '../network/containers.ts';
import { clearCrashed, endNetwork } from '../network/end-network.ts';
import { startNetwork, type Network } from '../network/network.ts';
import { folderOf } from '../network/record.ts';
import { checkFreeDisk } from '../free-disk.ts';
import { dataFolder } from '../paths.ts';
import { row } from '../row.ts';
import { together } from '../together.ts';
import { measureBareContainer } from './bare.ts';
import { ContainerWatch, type SeenContainer } from './container-watch.ts';
import { Display } from '../terminal/display.ts';
import { Exchange } from './exchange.ts';
import { readInputFolder, type InputFolder } from '../folder.ts';
import { ensureWordCountImage } from '../example-image.ts';
import { prepareJob } from './job.ts';
import { wordCountReport } from './report.ts';
import { describeTimings, type Timings } from './timings.ts';
import { verify } from './verify.ts';

export interface DemoOptions {
  folder: string;
  runner: 'docker' | 'process';
  json: boolean;
}

/** What `--json` prints last. Times are ms since the job was submitted. */
interface DemoResult {
  verified: boolean;
  folder: string;
  files: number;
  job: string;
  /** Every status in order. */
  statuses: { status: string; at: number }[];
  /** The sentence of a job that did not complete. */
  error: string | null;
  image: string | null;
  executor: string | null;
  container: string | null;
  submitToCompletedMs: number;
  bareContainerMs: number | null;
  ratio: number | null;
}

/** Runs the main job over a whole network of its own, shows it, checks the answer, and leaves nothing behind. */
export async function demo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const display = new Display();
  try {
    const result = await runAndClear(options, display, signal);
    if (options.json) display.say(JSON.stringify(result));
    return result.verified ? 0 : 1;
  } catch (error) {
    if (options.json) display.say(JSON.stringify({ verified: false, error: (error as Error).message }));
    throw error;
  }
}

async function runAndClear(options: DemoOptions, display: Display, signal: AbortSignal): Promise<DemoResult> {
  const input = await readInputFolder(options.folder);
  await mkdir(dataFolder, { recursive: true, mode: 0o755 });
  await checkFreeDisk(dataFolder);
  await clearCrashed(display.say);
  const id = `demo-${randomBytes(4).toString('hex')}`;
  let result: DemoResult;
  try {
    result = await runDemo(id, input, options, display, signal);
  } finally {
    display.waiting('stopping the network');
    await endNetwork(id, { keepData: false });
    display.waiting(null);
  }
  display.say('Everything is stopped; nothing is left behind.');
  return result;
}

async function runDemo(
  id: string,
  input: InputFolder,
  options: DemoOptions,
  display: Display,
  stopped: AbortSignal,
): Promise<DemoResult> {
  const { say } = display;
  // Nobody starts a service again that has ended: the job would wait for it.
  const broken = new AbortController();
  const signal = AbortSignal.any([stopped, broken.signal]);
  const isolated = options.runner === 'docker';
  if (!isolated)
    say('The job runs as a plain process (--runner process): it is NOT isolated from this machine.');
  say(describeInput(input));
  display.waiting('starting the network');
  const docker = new Docker();
  const free = { port: 0, explicit: false };
  const ports = { devnet: free, facilitator: free, validator: free, miner: free };
  const [network, image] = await together(
    signal,
    (until) =>
      startNetwork({
        id,
        stays: false,
        ports,
        runner: options.runner,
        executors: 1,
        databaseUrl: null,
        redisUrl: null,
        say,
        signal: until,
        onEnded: (error) => broken.abort(error),
      }),
    async () => (isolated ? ensureWordCountImage(docker, say, folderOf(id)) : null),
  );
  const exchange = await Exchange.open();
  const watch = isolated ? await ContainerWatch.open(docker, networkLabel(id)) : null;
  try {
    const expected = await wordCountReport(input.folder);
    const job = await prepareJob({ input, expected, image, exchange, folder: network.folder });
    say(row('input', job.transport));
    let bare: number | null = null;
    if (image !== null) {
      display.waiting('measuring the bare container');
      bare = await measureBareContainer(docker, {
        image,
        command: job.command,
        input,
        network: id,
        folder: network.folder,
        signal,
      });
    }
    signal.throwIfAborted();
    const { finished, submitted, statuses } = await follow(network, job.spec, display, signal);
    const container = watch?.containerOf(finished.uuid) ?? null;
    const verdict = await verify(finished, job, expected);
    const timings: Timings = { statuses, submitted, bare, container };
    for (const line of [...describeTimings(timings), ...verdict.lines]) say(line);
    return describeResult(input, finished, timings, verdict.agrees, container);
  } finally {
    exchange.close();
    watch?.close();
  }
}

/** Submits the job and shows every status as it comes. */
async function follow(
  network: Network,
  spec: Parameters<HordeClient['createJob']>[0],
  display: Display,
  signal: AbortSignal,
) {
  const client = new HordeClient({
    facilitatorUrl: network.urls.facilitator,
    hotkey: network.keys.user,
    validatorHotkey: network.keys.validator.address,
  });
  await client.login();
  const statuses: { status: string; at: number }[] = [];
  const submitted = performance.timeOrigin + performance.now();
  const created = await client.createJob(spec);
  display.say(row('job', created.uuid));
  display.waiting('waiting for the validator');
  await created.wait({
    signal,
    onStatus: ({ status, createdAt }) => {
      const at = Math.max(0, createdAt.getTime() - submitted);
      statuses.push({ status, at: Math.round(at) });
      display.say(row('', `${status.padEnd(15)} ${(at / 1000).toFixed(2).padStart(6)} s`));
      const wait = waitOf(status as JobStatus);
      display.waiting(wait && `waiting until ${wait.next}`);
    },
  });
  const took = performance.timeOrigin + performance.now() - submitted;
  display.waiting(null);
  return { finished: created, submitted: { at: submitted, took }, statuses };
}

function describeInput({ folder, files, bytes, leftOut }: InputFolder): string {
  const left = leftOut === 0 ? '' : `; ${leftOut} links and special files are left out`;
  const count = files.length === 1 ? '1 file' : `${files.length.toLocaleString('en')} files`;
  return row('folder', `${folder}: ${count}, ${(bytes / 1000).toFixed(1)} kB${left}`);
}

function describeResult(
  input: InputFolder,
  job: Job,
  timings: Timings,
  verified: boolean,
  container: SeenContainer | null,
): DemoResult {
  const { statuses, submitted, bare } = timings;
  return {
    verified,
    folder: input.folder,
    files: input.files.length,
    job: job.uuid,
    statuses,
    error: job.error?.message ?? null,
    image: container?.image ?? null,
    executor: container?.executor ?? null,
    container: container?.id ?? null,
    submitToCompletedMs: Math.round(submitted.took),
    bareContainerMs: bare === null ? null : Math.round(bare),
    ratio: bare === null ? null : Number((submitted.took / bare).toFixed(2)),
  };
}
