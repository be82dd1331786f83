import type { INestApplicationContext } from '@nestjs/common';
import { CHAIN, type SigningChain } from '@horde/chain';
import { Keypair } from '@horde/identity';
import type { ExecutorClass } from '@horde/protocol';
import type { MinerContext } from '../commands/miner-context.ts';
import { ownAddress } from '../connections/own-address.ts';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { managerKind } from '../executors/executor-manager-names.ts';
import { executorPlaces } from '../doctor/servers.ts';
import { MinerSettings } from '../settings.ts';
import { Validators } from '../directory/validators.ts';
import { checkJob } from './check-job.ts';
import { checkReceipts } from './check-receipts.ts';
import { checkStreaming } from './check-streaming.ts';
import { announcedAddress, reach } from './reach.ts';
import type { TestedMiner } from './run-test-job.ts';
import { testImage } from './test-image.ts';
import { TestValidator } from './test-validator.ts';

/** What an operator may choose. */
export interface SelfTestOptions {
  /** The image of the test jobs; it needs a shell, and for streaming a busybox or a Python. @default the executors' own */
  image?: string;
  /** What `tell` is called with is found in this order. */
  tell: (finding: Finding) => void;
}

/**
 * Uses the running miner as a validator does, with a key that is made up for it: its addresses, a job on each class of
 * executors, a streaming job, receipts. The key is a validator of this miner until the end, whatever the end is.
 *
 * @throws SettingsError, IdentityError, DatabaseError; the signal's reason when it is interrupted
 */
export async function selfTest(context: MinerContext, options: SelfTestOptions): Promise<Finding[]> {
  return context.useSigning(async (app) => {
    const findings: Finding[] = [];
    const tell = (...more: Finding[]) => {
      for (const finding of more) options.tell(finding);
      findings.push(...more);
    };
    if (app.get(MinerSettings).isLocalMiner) {
      const fix = 'Test it from its validator; `miner liveness_check` says whether it runs.';
      tell(warn('validator', 'A local miner lets nobody in but its own validator: not tested.', fix));
      return findings;
    }
    await asTestValidator(app, (validator) => testAs(validator, app, context, { ...options, tell }));
    return findings;
  });
}

/** Works with a key that is a validator of this miner until the end, whatever the end is. */
export async function asTestValidator<T>(
  app: INestApplicationContext,
  work: (validator: TestValidator) => Promise<T>,
): Promise<T> {
  const validator = new TestValidator(app.get(Keypair).address);
  const validators = app.get(Validators);
  await validators.addDebug(validator.hotkey);
  try {
    return await work(validator);
  } finally {
    await validators.removeDebug(validator.hotkey);
  }
}

type Tell = (...findings: Finding[]) => void;

async function testAs(
  validator: TestValidator,
  app: INestApplicationContext,
  context: MinerContext,
  { image: chosenImage, tell }: { image?: string; tell: Tell },
): Promise<void> {
  const { signal } = context;
  const settings = app.get(MinerSettings);
  const since = Date.now();
  const place = await reachAnywhere(validator, app, signal, tell);
  if (!place) return;
  const miner: TestedMiner = {
    address: place.address,
    validator,
    startupTimeLimit: app.get(MinerConfig).get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT'),
    signal,
  };
  if (place.manifest.size === 0) {
    const fix =
      'Look at EXECUTOR_MANAGER_CLASS_PATH and what belongs to it; `miner doctor` says which hosts are away.';
    return tell(fail('executors', 'The miner offers no executor.', fix));
  }
  tell(ok('executors', `${[...place.manifest].map(([name, count]) => `${count} of ${name}`).join(', ')}.`));
  const image = chosenImage ?? (await imageFor(settings, context.environment, tell));
  if (image === null) return;
  const jobs: string[] = [];
  let streamingClass: ExecutorClass | null = null;
  const { servers } = await executorPlaces(settings);
  for (const executorClass of place.manifest.keys()) {
    const { finding, jobUuid } = await checkJob(
      miner,
      executorClass,
      image,
      !settings.debugNoGpuMode,
      servers,
    );
    tell(finding);
    if (jobUuid === null) continue;
    jobs.push(jobUuid);
    streamingClass ??= executorClass;
  }
  if (streamingClass === null) {
    const fix = 'See above.';
    return tell(warn('streaming job', 'Not tested: no job was completed.', fix));
  }
  if (
    managerKind(settings.executorManager) === 'process' &&
    context.environment['JOB_RUNNER'] === 'process'
  ) {
    const fix = 'Unset JOB_RUNNER: plain processes cannot be streaming jobs.';
    tell(warn('streaming job', 'Not tested: JOB_RUNNER is process.', fix));
  } else {
    const streaming = await checkStreaming(miner, streamingClass, image);
    tell(streaming.finding);
    if (streaming.jobUuid !== null) jobs.push(streaming.jobUuid);
  }
  tell(...(await checkReceipts(app, miner, jobs, since)));
}

async function imageFor(
  settings: MinerSettings,
  environment: MinerContext['environment'],
  tell: Tell,
): Promise<string | null> {
  try {
    return await testImage(settings, environment);
  } catch (error) {
    const fix = 'Run `miner doctor`, or name an image with --image.';
    tell(fail('test image', `There is none to run test jobs in: ${fullReasonOf(error)}.`, fix));
    return null;
  }
}

/** Reaches the miner on its own machine and where the chain says that it is. @returns where it was reached, there if it can be */
async function reachAnywhere(
  validator: TestValidator,
  app: INestApplicationContext,
  signal: AbortSignal,
  tell: Tell,
): Promise<{ address: string; manifest: Map<ExecutorClass, number> } | null> {
  const settings = app.get(MinerSettings);
  const here = ownAddress(settings);
  const startIt = 'Start the miner; if it runs, look at HOST and BITTENSOR_MINER_PORT, and at its log.';
  const local = await reach('local address', here, validator, startIt, signal);
  tell(local.finding);
  const announced = await announcedAddress(app.get<SigningChain>(CHAIN), validator.miner);
  if ('finding' in announced) {
    tell(announced.finding);
    return local.manifest && { address: here, manifest: local.manifest };
  }
  const { address } = announced;
  const openIt = `Let TCP port ${address.split(':').at(-1)} through to the miner, and announce the right address (BITTENSOR_MINER_ADDRESS, \`miner announce_address_and_port\`). Where this machine cannot reach its own public address, try from another one: curl http://${address}/version`;
  const there = await reach('announced address', address, validator, openIt, signal);
  tell(there.finding);
  if (there.manifest) return { address, manifest: there.manifest };
  return local.manifest && { address: here, manifest: local.manifest };
}
