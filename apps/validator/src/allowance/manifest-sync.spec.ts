import { Keypair } from '@horde/identity';
import { Queues } from '@horde/queue';
import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { ManifestSync } from './manifest-sync.ts';
import { ChainScene } from './testing/chain-scene.ts';

const scene = new ChainScene();
const executorClass = 'always_on.llm.a6000';
let miner: ScriptedMiner;
beforeEach(async () => {
  miner = new ScriptedMiner(Keypair.generate());
  miner.manifest = [[executorClass, 2]];
  await miner.start();
  scene.pylon.neurons.push({ hotkey: miner.keypair.address, port: miner.port });
});
afterEach(() => miner.stop());

const changes = () =>
  scene.query(
    'select executor_class, block, count, is_drop from manifest_change order by block, executor_class',
  );
const offered = () => scene.query('select executor_class, count from miner_manifest order by 1');
const change = (block: number, count: number, is_drop = false) => ({
  executor_class: executorClass,
  block,
  count,
  is_drop,
});

/** A validator that has asked, with what makes it ask all miners again, at a block. */
async function started(more: Record<string, string> = {}) {
  const refreshing = vi.spyOn(MinerDirectory.prototype, 'refreshManifests');
  const validator = await scene.start(more);
  await expect.poll(changes).toHaveLength(1);
  // Its own looks, at the start and by the schedule, must not come in between.
  await expect.poll(() => refreshing.mock.calls.length).toBeGreaterThanOrEqual(2);
  await validator.get(Queues).close();
  await Promise.all(refreshing.mock.results.map(({ value }) => value));
  refreshing.mockRestore();
  const directory = validator.get(MinerDirectory);
  const ask = async (block: number) => {
    scene.pylon.head = block + 5;
    await directory.refreshManifests();
  };
  return { validator, directory, ask };
}

/** The miner answers nobody, and is as it was afterwards. */
async function silenced<T>(work: () => Promise<T>): Promise<T> {
  const neuron = scene.pylon.neurons.at(-1)!;
  const { port } = neuron;
  // On the chain as well, which may be read again meanwhile.
  neuron.port = 1;
  await scene.query('update miner set port = 1 where hotkey = $1', [neuron.hotkey]);
  try {
    return await work();
  } finally {
    neuron.port = port;
    await scene.query('update miner set port = $2 where hotkey = $1', [neuron.hotkey, port]);
  }
}

describe('what a miner offers', () => {
  it('counts from the block at which it was asked on, and only changes are stored', async () => {
    const { ask } = await started();
    await ask(100);
    miner.manifest = [
      [executorClass, 1],
      ['always_on.test', 3],
    ];
    await ask(101);
    expect(await changes()).toEqual([
      change(95, 2),
      change(101, 1, true),
      { executor_class: 'always_on.test', block: 101, count: 3, is_drop: false },
    ]);
    expect(await offered()).toEqual([
      { executor_class: executorClass, count: 1 },
      { executor_class: 'always_on.test', count: 3 },
    ]);
  });

  it('counts up to what one miner may have of a class', async () => {
    miner.manifest = [[executorClass, 50]];
    const { validator, ask } = await started();
    await validator.get(ValidatorConfig).set('DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS', `${executorClass}=7`);
    await ask(100);
    expect(await changes()).toEqual([change(95, 2), change(100, 7)]);
  });

  it('is what it has committed on the chain, where that is to be read', async () => {
    scene.pylon.commitments = { [miner.keypair.address]: 'x<M:L1>' };
    const { validator, ask } = await started();
    await validator.get(ValidatorConfig).set('DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS', true);
    await ask(100);
    scene.pylon.commitments = {};
    await ask(101);
    expect(await changes()).toEqual([change(95, 2), change(100, 1, true), change(101, 0, true)]);
  });
});

describe('a miner that does not answer', () => {
  it('once loses nothing, and twice in a row everything', async () => {
    const { ask } = await started();
    await silenced(async () => {
      await ask(100);
      expect(await changes()).toEqual([change(95, 2)]);
      await ask(101);
    });
    expect(await changes()).toEqual([change(95, 2), change(101, 0, true)]);
    expect(await offered()).toEqual([]);
    const events = await scene.query(
      `select subtype from system_event where type = 'COMPUTE_TIME_ALLOWANCE'`,
    );
    expect(events).toEqual([{ subtype: 'MANIFEST_ERROR' }, { subtype: 'MANIFEST_ERROR' }]);
  });

  it('now and then loses nothing, also when two asked it at once', async () => {
    const { ask } = await started();
    for (const block of [100, 102, 104]) {
      await silenced(() => Promise.all([ask(block), ask(block)]));
      await ask(block + 1);
    }
    expect(await changes()).toEqual([change(95, 2)]);
  });

  it('before another look has begun, but comes and answers while it reads who is there, has not been silent', async () => {
    const { validator } = await started();
    await scene.query('delete from miner_answer');
    await validator.get(ManifestSync).sync(async () => {
      await scene.query('insert into miner_answer (hotkey, answered_at) values ($1, now())', [
        miner.keypair.address,
      ]);
      return [];
    });
    expect(await scene.query('select misses from miner_answer')).toEqual([{ misses: 0 }]);
  });

  it('at all any more is asked again at the next look at the chain', async () => {
    const { ask, directory } = await started();
    await silenced(async () => {
      await ask(100);
      await ask(101);
    });
    await expect
      .poll(async () => {
        await directory.refreshNeurons();
        return offered();
      })
      .toEqual([{ executor_class: executorClass, count: 2 }]);
  });

  it('since it has left the chain is silent, too', async () => {
    const { ask } = await started();
    scene.pylon.neurons.pop();
    await scene.query('update miner set ip = null, port = null');
    await ask(100);
    expect(await changes()).toEqual([change(95, 2)]);
    await ask(101);
    expect(await changes()).toEqual([change(95, 2), change(101, 0, true)]);
  });
});

describe('the faults that each look at the chain was an event, and the whole chain was asked for each time', () => {
  it('looks at once are one, and none is an event', async () => {
    const { directory } = await started();
    const events = () => scene.query('select type from system_event');
    const before = await events();
    const asked = scene.pylon.neuronsAsked;
    await Promise.all(Array.from({ length: 20 }, () => directory.refreshNeurons()));
    expect(scene.pylon.neuronsAsked - asked).toBeLessThanOrEqual(1);
    expect(await events()).toEqual(before);
  });
});

describe('a chain that cannot be asked', () => {
  it('leaves the addresses of miners, and what they earn, as they were', async () => {
    const { directory } = await started();
    const miners = () => scene.query('select hotkey, ip, port, incentive, emission from miner');
    const before = await miners();
    expect(before[0]).toMatchObject({ incentive: 0.25, emission: 1.5 });
    scene.pylon.fails = true;
    await directory.refreshNeurons();
    expect(await miners()).toEqual(before);
  });
});
