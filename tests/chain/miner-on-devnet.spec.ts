import { cycleNumber, DevnetChain, PylonChain, type SigningChain } from '@horde/chain';
import { Keypair } from '@horde/identity';
import { Health } from '@horde/operations';
import { MainHotkey, make } from '@horde/protocol';
import { Queues } from '@horde/queue';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { AnnouncementSchedule } from '../../apps/miner/src/background/announcement-schedule.ts';
import { Announcement } from '../../apps/miner/src/chain/announcement.ts';
import { MinerConfig } from '../../apps/miner/src/dynamic-config/miner-config.ts';
import { ManifestCommitment } from '../../apps/miner/src/background/manifest-commitment.ts';
import type { MinerSettings } from '../../apps/miner/src/settings.ts';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';

const netuid = 12;
const address = () => Keypair.generate().address;

let devnet: TestDevnet;
let names = 0;
const opened: MinerUnderTest[] = [];

beforeAll(async () => (devnet = await startDevnet({ netuid, blockTime: 0.05 })));
afterEach(async () => {
  for (const miner of opened.splice(0)) await miner.close();
});
afterAll(() => devnet.close());

/** A miner that is registered on the devnet, and serves. */
async function miner(settings: Partial<MinerSettings> = {}, Adapter: typeof PylonChain = DevnetChain) {
  const identity = { name: `miner${++names}`, token: 'a-token' };
  const started = await MinerUnderTest.start(
    new RecordingManager({ 'always_on.test': 2, 'always_on.gpu-24gb': 1 }),
    { netuid, serving: true, minerAddress: '198.51.100.7', ...settings },
    async (hotkey) => {
      await devnet.call('PUT', `/devnet/neurons/${hotkey}`, {
        stake: 1,
        validator_permit: false,
        axon: null,
      });
      await devnet.call('PUT', `/devnet/identities/${identity.name}`, { hotkey, token: identity.token });
      return new Adapter({ address: devnet.address, netuid, identity });
    },
  );
  opened.push(started);
  return started;
}

const axonOf = async (hotkey: string) => {
  const { body } = await devnet.call('GET', `/api/v1/subnet/${netuid}/block/latest/neurons`);
  return body.neurons[hotkey].axon_info as { ip: string; port: number };
};
const commitmentOf = async (hotkey: string) => {
  const { body } = await devnet.call('GET', '/devnet/state');
  return body.commitments[hotkey] as { text: string; block: number } | undefined;
};
const ready = (one: MinerUnderTest) =>
  vi.waitFor(async () => expect((await one.part(Health).report()).ready).toBe(true), { timeout: 10_000 });

describe('a miner that starts', () => {
  it('announces its address and commits its manifest by itself, and is not ready before it can be found', async () => {
    const one = await miner();
    await ready(one);
    expect(await axonOf(one.hotkey)).toMatchObject({
      ip: '198.51.100.7',
      port: Number(new URL(one.url).port),
    });
    await vi.waitFor(async () => expect((await commitmentOf(one.hotkey))?.text).toBe('<M:A1;T2>'), {
      timeout: 10_000,
    });
  });

  it('writes nothing on the chain while it is migrating, nor while the operator has taken SERVING back', async () => {
    const one = await miner({ serving: undefined, migrating: true });
    const keep = async () => {
      await one.part(AnnouncementSchedule).keep();
      await one.part(ManifestCommitment).keep();
    };
    await ready(one);
    await keep();
    expect(await axonOf(one.hotkey)).toMatchObject({ ip: '0.0.0.0', port: 0 });
    expect(await commitmentOf(one.hotkey)).toBeUndefined();
    await one.part(MinerConfig).set('SERVING', true);
    await keep();
    expect(await axonOf(one.hotkey)).toMatchObject({ ip: '198.51.100.7' });
    one.manager.offered = {};
    await one.part(MinerConfig).set('SERVING', false);
    await keep();
    expect((await commitmentOf(one.hotkey))?.text).toBe('<M:A1;T2>');
  });

  it('does not ask the chain for anything when it is the local miner of one validator', async () => {
    const asked: string[] = [];
    const calls = [
      'latestBlock',
      'blockTime',
      'neurons',
      'validators',
      'commitment',
      'commitments',
      'ownCommitment',
      'setCommitment',
      'setWeights',
      'announce',
      'hyperparameters',
    ] as const satisfies (keyof SigningChain)[];
    const chain = Object.fromEntries(
      calls.map((name) => [name, async () => void asked.push(name)]),
    ) as unknown as SigningChain;
    const validator = address();
    const one = await MinerUnderTest.start(
      new RecordingManager(),
      { serving: true, isLocalMiner: true, localMinerValidator: validator },
      async () => chain,
    );
    opened.push(one);
    // An entry of a queue that was rung for after those of the schedules.
    const queue = one.part(Queues).open('marker');
    const rung = new Promise<void>((resolve) =>
      queue.work(async () => resolve(), { onError: () => undefined }),
    );
    await queue.ring('marker');
    await rung;
    expect(asked).toEqual([]);
    expect(await one.query('select hotkey from validator where active')).toEqual([{ hotkey: validator }]);
  });
});

describe('the commitment', () => {
  it('is written again when the manifest has changed only, and what else it says stays', async () => {
    const one = await miner({ serving: false });
    const commitment = one.part(ManifestCommitment);
    await one.part(Announcement).announce();
    expect(await commitment.commit()).toBe('<M:A1;T2>');
    expect(await commitment.commit()).toBeNull();
    const text = Buffer.from(' see x.y <M:A9> ok ').toString('hex');
    await devnet.call('POST', `/api/v1/identity/miner${names}/subnet/${netuid}/commitments`, {
      commitment: text,
    });
    one.manager.offered = { 'always_on.test': 3 };
    expect(await commitment.commit()).toBe('see x.y  ok<M:T3>');
    expect((await commitmentOf(one.hotkey))?.text).toBe('see x.y  ok<M:T3>');
    one.manager.offered = {};
    expect(await commitment.commit()).toBe('see x.y  ok<M:>');
  });

  it('that has no room for the manifest stays as it is', async () => {
    const one = await miner({ serving: false });
    const commitment = Buffer.from('x'.repeat(120)).toString('hex');
    await devnet.call('POST', `/api/v1/identity/miner${names}/subnet/${netuid}/commitments`, { commitment });
    expect(await one.part(ManifestCommitment).commit()).toBeNull();
    expect((await commitmentOf(one.hotkey))?.text).toBe('x'.repeat(120));
  });
});

describe('where the way to the chain cannot write an address', () => {
  it('the miner is ready without, and says which command does it', async () => {
    const one = await miner(
      { walletName: 'my wallet', walletHotkeyName: 'h', network: 'finney' },
      PylonChain,
    );
    await ready(one);
    const port = new URL(one.url).port;
    expect(await one.part(Announcement).announce()).toMatch(
      new RegExp(
        `the chain has no address for it, and Pylon cannot write one\\. .*python3 -c '.*serve_extrinsic.*' finney 12 '~/\\.bittensor/wallets' 'my wallet' h 198\\.51\\.100\\.7 ${port}$`,
      ),
    );
    await devnet.call('PUT', `/devnet/neurons/${one.hotkey}`, {
      stake: 1,
      validator_permit: false,
      axon: { ip: '198.51.100.7', port: Number(port) },
    });
    expect(await one.part(Announcement).announce()).toBe(
      `The chain has the address of this miner already: 198.51.100.7:${port}.`,
    );
  });

  it('the miner knows its IPv6 address on the chain, in whichever way it is written', async () => {
    const one = await miner({ minerAddress: '2606:4700:4700:0:0:0:0:1111' }, PylonChain);
    const port = Number(new URL(one.url).port);
    const axon = { ip: '2606:4700:4700::1111', port };
    await devnet.call('PUT', `/devnet/neurons/${one.hotkey}`, { stake: 1, validator_permit: false, axon });
    expect(await one.part(Announcement).announce()).toBe(
      `The chain has the address of this miner already: [2606:4700:4700::1111]:${port}.`,
    );
  });

  it('the miner says what has to come first when its hotkey is not registered', async () => {
    const one = await miner({}, PylonChain);
    await devnet.call('DELETE', `/devnet/neurons/${one.hotkey}`);
    expect(await one.part(Announcement).announce()).toMatch(/is not registered on subnet 12; register it/);
  });
});

describe('the main hotkey', () => {
  const answer = async (one: MinerUnderTest) => {
    const connection = await (await one.validator()).login();
    await connection.send(make(MainHotkey, {}));
    const { main_hotkey } = await connection.next('V0MainHotkeyMessage');
    await connection.close();
    return main_hotkey;
  };

  it('is the miner’s own when no others are named', async () => {
    const one = await miner({ serving: false });
    expect(await answer(one)).toBe(one.hotkey);
  });

  it('is the one of the cycle that the chain is in', async () => {
    const mainHotkeys = [address(), address(), address()];
    const one = await miner({ serving: false, mainHotkeys });
    const { body } = await devnet.call('GET', '/api/v1/block/latest');
    expect(await answer(one)).toBe(mainHotkeys[cycleNumber(body.number, netuid) % 3]);
  });

  it('is the executor manager’s, when that names one', async () => {
    const one = await miner({ serving: false, mainHotkeys: [address()] });
    const chosen = address();
    one.manager.mainHotkeyAnswer = async () => chosen;
    expect(await answer(one)).toBe(chosen);
    one.manager.mainHotkeyAnswer = () => Promise.reject(new Error('broken'));
    expect(await answer(one)).toBe((one as unknown as { settings: MinerSettings }).settings.mainHotkeys[0]);
  });

  it('is the miner’s own when the chain does not answer', async () => {
    const nowhere = new DevnetChain({ address: 'http://127.0.0.1:1', netuid });
    const one = await MinerUnderTest.start(
      new RecordingManager(),
      { mainHotkeys: [address()] },
      async () => nowhere,
    );
    opened.push(one);
    expect(await answer(one)).toBe(one.hotkey);
  });
});
