import type { ExecutorClass } from '@horde/protocol';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServiceBundle, type ServiceProcess } from '@horde/testing/service-bundle';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';
import { MinerProcess } from '../load/miner-process.ts';

const netuid = 12;
const cpu = 'always_on.cpu.8c.16gb';
const llm = 'always_on.llm.a6000';
/** Jobs run so many blocks after the chain's first, in the cycle that ends with block 707. */
const age = 150;
/** The first block in which the weights for that cycle can be handed in. */
const window = 722 + 361;
const genesis = Date.now() - age * 12_000;

/** A validator as a process, and the facilitator that it has its jobs from. */
interface Office {
  place: ValidatorPlace;
  facilitator: ScriptedFacilitator;
  environment: Record<string, string>;
  process: ServiceProcess;
}

let devnet: TestDevnet;
let bundle: ServiceBundle;
let offices: Office[] = [];
let miners: MinerProcess[] = [];

beforeAll(async () => {
  let machine = () => genesis;
  devnet = await startDevnet({ netuid, now: () => machine() });
  await devnet.call('PUT', '/devnet/clock', { block_time: null });
  const places = await Promise.all([ValidatorPlace.make(), ValidatorPlace.make()]);
  for (const [i, { keypair }] of places.entries())
    await register(keypair.address, { stake: [3_000, 1_000][i], validator_permit: true, axon: null });
  const signer = { hotkey: places[0]!.keypair.address, token: 'a token' };
  for (const name of ['validator', 'miner']) await devnet.call('PUT', `/devnet/identities/${name}`, signer);
  [bundle, ...miners] = await Promise.all([
    ServiceBundle.build('validator'),
    startMiner({ [cpu]: 1, [llm]: 1 }),
    startMiner({ [cpu]: 1 }),
  ]);
  for (const { hotkey, url } of miners)
    await register(hotkey, {
      stake: 0,
      validator_permit: false,
      axon: { ip: '127.0.0.1', port: Number(new URL(url).port) },
    });
  machine = Date.now;
  await makeBlocks(10);
  offices = await Promise.all(places.map(startOffice));
}, 120_000);

afterAll(async () => {
  await Promise.all(offices.map(({ process }) => process.kill('SIGTERM')));
  await Promise.all(miners.map((miner) => miner.stop()));
  await Promise.all(offices.map(({ facilitator }) => facilitator.stop()));
  await Promise.all(offices.map(({ place }) => place.remove()));
  await bundle?.remove();
  await devnet?.close();
});

const register = (hotkey: string, facts: object) => devnet.call('PUT', `/devnet/neurons/${hotkey}`, facts);
const makeBlocks = (count: number) => devnet.call('POST', '/devnet/blocks', { count });
const onChain = {
  BITTENSOR_NETUID: String(netuid),
  BITTENSOR_NETWORK: 'devnet',
  PYLON_IDENTITY_TOKEN: 'a token',
};

const startMiner = async (executors: Record<string, number>) =>
  MinerProcess.start({
    databaseUrl: await createTestDatabase(),
    executors,
    hold: true,
    environment: { ...onChain, PYLON_ADDRESS: devnet.address, DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true' },
  });

async function startOffice(place: ValidatorPlace): Promise<Office> {
  const facilitator = new ScriptedFacilitator(place.keypair.address);
  await facilitator.start();
  const environment = place.environment({
    ...onChain,
    PYLON_ADDRESS: devnet.address,
    FACILITATOR_URI: facilitator.uri,
    ALLOWANCE_REQUIRED: 'true',
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
  });
  return { place, facilitator, environment, process: bundle.run(environment) };
}

/** Sends a job until a miner has it: what blocks gave is reckoned a moment after they were stored. */
async function accepted(
  { place, facilitator }: Office,
  executor_class: ExecutorClass,
  cost: number,
): Promise<string> {
  const limits = { download_time_limit: 5, execution_time_limit: cost - 10, upload_time_limit: 5 };
  let taken = '';
  const send = async () => {
    const uuid = crypto.randomUUID();
    await facilitator.send(newJob(uuid, place.keypair, { executor_class, ...limits }));
    const answers = (['accepted', 'rejected'] as const).map((status) => facilitator.update(uuid, status));
    const { status, metadata } = await Promise.race(answers);
    taken = uuid;
    return metadata?.job_rejection_details?.message ?? status;
  };
  await expect.poll(send, { interval: 250 }).toBe('accepted');
  return taken;
}

/** The validator has read the blocks of the chain up to this one. */
async function knows({ place }: Office, block: number): Promise<void> {
  const stored = () => place.query('select count(*)::int as blocks from allowance_block');
  await expect.poll(stored, { timeout: 60_000 }).toEqual([{ blocks: block + 1 }]);
}

it('jobs become the weights that are computed by hand, those of another validator by its receipts alone', async () => {
  const [one, other] = offices as [Office, Office];
  for (const { place } of offices)
    await expect.poll(() => place.query('select from manifest_change')).toHaveLength(3);
  await makeBlocks(age - 12);
  await Promise.all(offices.map((office) => knows(office, age - 2 - 5)));

  // With one executor each, and those held, each miner gets one of the first two.
  const costs = new Map<string, number>();
  for (const cost of [30, 90]) costs.set(await accepted(one, cpu, cost), cost);
  for (const miner of miners) miner.release();
  for (const uuid of costs.keys()) await one.facilitator.update(uuid, 'completed');
  const others = await accepted(other, cpu, 60);
  costs.set(others, 60);
  const large = await accepted(one, llm, 40);
  await Promise.all([
    one.facilitator.update(large, 'completed'),
    other.facilitator.update(others, 'completed'),
  ]);
  const receipts = () =>
    one.place.query('select job_uuid from receipt where validator_hotkey = $1 and score > 0', [
      other.place.keypair.address,
    ]);
  await expect.poll(receipts).toEqual([{ job_uuid: others }]);
  expect(await other.process.kill('SIGTERM')).toBe(0);

  await makeBlocks(window - (age - 2));
  await knows(one, window - 5);
  const command = bundle.run(one.environment, ['debug_set_scores']);
  expect(await command.ended(), command.output).toBe(0);
  const given = async () => (await devnet.call('GET', '/devnet/state')).body.weights;
  await expect.poll(given).toHaveLength(1);
  const [{ hotkey, block, weights }] = (await given()) as [
    { hotkey: string; block: number; weights: Record<string, number> },
  ];
  expect({ hotkey, block }).toEqual({ hotkey: one.place.keypair.address, block: window });
  // The two classes count the same. One miner has had the one large job; of the others each has what it ran.
  const scores = await Promise.all(
    miners.map(async (miner) => {
      const rows = await miner.query<{ uuid: string }>('select uuid from job');
      return rows.reduce((sum, { uuid }) => sum + (costs.get(uuid) ?? 0), 0);
    }),
  );
  expect(scores[0]! + scores[1]!).toBe(30 + 90 + 60);
  expect(Object.keys(weights).toSorted()).toEqual(miners.map((miner) => miner.hotkey).toSorted());
  expect(weights[miners[0]!.hotkey]).toBeCloseTo((1 + scores[0]! / 180) / 2, 7);
  expect(weights[miners[1]!.hotkey]).toBeCloseTo(scores[1]! / 180 / 2, 7);
}, 120_000);
