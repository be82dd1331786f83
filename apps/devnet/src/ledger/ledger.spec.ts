import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLog } from './file-log.ts';
import { openLedger, type Ledger } from './ledger.ts';
import type { Participant } from './state.ts';

const address = (seed: number) => Keypair.fromSeed(new Uint8Array(32).fill(seed)).address;
const [alice, bob, carol] = [address(1), address(2), address(3)];
const participant = {
  coldkey: alice,
  stake: 5,
  validator_permit: false,
  axon: { ip: '127.0.0.1', port: 8000 },
};

let folder: string;
let stateFile: string;
let now: number;
const open = (blockTime = 12): Promise<Ledger> =>
  openLedger(new FileLog(stateFile), { blockTime, netuid: 12 }, () => now);
const register = async (ledger: Ledger, hotkey: string, facts: Partial<Participant> = {}) =>
  (await ledger.register(new Map([[hotkey, { ...participant, ...facts }]])))[0]!;
const nextBlock = () => void (now += 12_000);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
  stateFile = path.join(folder, 'new', 'state.json');
  now = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('who is registered', () => {
  it('has the lowest free number, and keeps it through changes', async () => {
    const ledger = await open();
    for (const hotkey of [alice, bob, carol]) await register(ledger, hotkey);
    await ledger.remove(bob);
    nextBlock();
    expect(await register(ledger, alice, { stake: 6 })).toMatchObject({ uid: 0, stake: 6 });
    expect(await register(ledger, bob)).toMatchObject({ uid: 1 });
    expect(ledger.neurons(1).map(({ hotkey, uid }) => [hotkey, uid])).toEqual([
      [alice, 0],
      [bob, 1],
      [carol, 2],
    ]);
  });

  it('is answered for each block as it was at its end', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await register(ledger, alice, { stake: 6 });
    nextBlock();
    await register(ledger, alice, { axon: null });
    nextBlock();
    await ledger.remove(alice);
    expect(ledger.neurons(0)).toMatchObject([{ stake: 6, axon: participant.axon }]);
    expect(ledger.neurons(1)).toMatchObject([{ stake: 5, axon: null }]);
    expect(ledger.neurons(2)).toEqual([]);
  });

  it('was last updated when it was registered, then when it set weights: no other change counts', async () => {
    const ledger = await open();
    await register(ledger, bob);
    await ledger.remove(bob);
    nextBlock();
    await register(ledger, bob);
    nextBlock();
    await register(ledger, bob, { stake: 6 });
    expect(ledger.neurons(2)).toMatchObject([{ stake: 6, last_update: 1 }]);
    nextBlock();
    await ledger.setWeights(bob, new Map([[bob, 1]]));
    expect(ledger.neurons(3)).toMatchObject([{ last_update: 3 }]);
    expect(ledger.neurons(2)).toMatchObject([{ last_update: 1 }]);
  });

  it('registers again without a trace when nothing changes', async () => {
    const ledger = await open();
    await register(ledger, alice);
    nextBlock();
    expect(await register(ledger, alice)).toMatchObject({ last_update: 0 });
  });

  it('all registrations at once get numbers of their own', async () => {
    const ledger = await open();
    const neurons = await Promise.all([alice, bob, carol].map((hotkey) => register(ledger, hotkey)));
    expect(new Set(neurons.map(({ uid }) => uid)).size).toBe(3);
  });

  it('leaves together with its commitment', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.commit(alice, Buffer.from('x'));
    expect(await ledger.remove(alice)).toBe(true);
    expect(await ledger.remove(alice)).toBe(false);
    expect(ledger.commitment(alice)).toBeUndefined();
  });
});

describe('weights', () => {
  it('for hotkeys that are not registered are dropped', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.setWeights(
      alice,
      new Map([
        [alice, 1],
        [bob, 2],
      ]),
    );
    expect(ledger.weights()).toEqual([{ block: 0, revealed: 0, hotkey: alice, weights: { [alice]: 1 } }]);
    expect(ledger.neurons(0)).toMatchObject([{ last_update: 0 }]);
  });

  it('are forgotten after a hundred newer ones of the same hotkey', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.setWeights(bob, new Map([[alice, 1]]));
    for (let i = 0; i < 102; i++) await ledger.setWeights(alice, new Map([[alice, i]]));
    expect(ledger.weights()).toHaveLength(101);
    expect(ledger.weights()[1]).toMatchObject({ weights: { [alice]: 2 } });
  });
});

describe('weights that are handed in sealed', () => {
  it('count as handed in, and are not seen before the epoch after theirs', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.setHyperparameters({ commit_reveal_enabled: true });
    nextBlock();
    await ledger.setWeights(alice, new Map([[alice, 1]]));
    const revealed = 347;
    await ledger.advance(Array.from({ length: revealed - 2 }, () => 12_000));
    expect(ledger.clock.latest().number).toBe(revealed - 1);
    expect(ledger.neurons(1)).toMatchObject([{ last_update: 1 }]);
    expect(ledger.weights()).toEqual([]);
    expect(ledger.sealedWeights()).toEqual([{ hotkey: alice, block: 1, revealed }]);
    nextBlock();
    expect(ledger.weights()).toEqual([{ hotkey: alice, block: 1, revealed, weights: { [alice]: 1 } }]);
    expect(ledger.sealedWeights()).toEqual([]);
  });

  it('stay sealed for as many epochs as the subnet asks', async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.setHyperparameters({ commit_reveal_enabled: true, commit_reveal_period: 3, tempo: 10 });
    await ledger.setWeights(alice, new Map([[alice, 1]]));
    expect(ledger.sealedWeights()).toMatchObject([{ revealed: 30 }]);
  });
});

describe('a reorganisation', () => {
  const twoBlocks = async () => {
    const ledger = await open();
    await register(ledger, alice);
    await ledger.commit(alice, Buffer.from('a'));
    nextBlock();
    await register(ledger, alice, { stake: 6 });
    await register(ledger, bob);
    await ledger.commit(alice, Buffer.from('b'));
    await ledger.setWeights(alice, new Map([[alice, 1]]));
    return ledger;
  };

  it('keeps what happened in the blocks that it replaces', async () => {
    const ledger = await twoBlocks();
    const before = ledger.neurons(1);
    const { hash } = ledger.clock.latest();
    await ledger.reorganise(1, false);
    expect(ledger.neurons(1)).toEqual(before);
    expect(ledger.clock.latest()).toEqual({ number: 1, hash: expect.not.stringMatching(hash) });
  });

  it('loses it where it is told to', async () => {
    const ledger = await twoBlocks();
    await ledger.reorganise(1, true);
    expect(ledger.neurons(1)).toMatchObject([{ hotkey: alice, stake: 5, last_update: 0 }]);
    expect(ledger.commitment(alice)).toEqual({ block: 0, hex: '0x61' });
    expect(ledger.weights()).toEqual([]);
    expect((await open()).neurons(1)).toEqual(ledger.neurons(1));
  });
});

describe('a restart', () => {
  it('keeps a pace that was set by command, as long as the setting is the same', async () => {
    const ledger = await open();
    await ledger.pace(null, 0);
    now += 60_000;
    expect((await open()).clock.latest().number).toBe(0);
    await open(1);
    now += 2_000;
    expect((await open(1)).clock.latest().number).toBe(2);
  });

  it('goes on with what a devnet of the first kind has kept', async () => {
    const neuron = { ...participant, uid: 0 };
    const first = {
      version: 1,
      genesis: '2026-01-01T00:00:00.000Z',
      clock: { block: 5, at: now, blockTime: 12_000 },
      neurons: {
        [alice]: [
          { block: 1, neuron },
          { block: 2, neuron: null },
          { block: 3, neuron },
        ],
      },
      commitments: { [alice]: { block: 4, hex: '0x61' } },
      weights: [{ block: 4, hotkey: alice, weights: { [alice]: 1 } }],
      identities: {},
    };
    await mkdir(path.dirname(stateFile));
    await writeFile(stateFile, JSON.stringify(first));
    const ledger = await open();
    nextBlock();
    expect(ledger.clock.latest().number).toBe(6);
    expect([3, 4].map((block) => ledger.neurons(block)[0]?.last_update)).toEqual([3, 4]);
    expect(ledger.commitment(alice)).toEqual({ block: 4, hex: '0x61' });
    expect(ledger.weights()).toMatchObject([{ block: 4, hotkey: alice, weights: { [alice]: 1 } }]);
  });

  it('goes on with everything', async () => {
    const before = await open();
    await register(before, alice);
    await before.commit(alice, Buffer.from('<M:A1>'));
    await before.setWeights(alice, new Map([[alice, 1]]));
    await before.setIdentity('miner', alice, 'secret-token');
    const genesis = before.clock.at(0);
    nextBlock();
    const after = await open();
    expect(after.clock.latest().number).toBe(1);
    expect(after.clock.at(0)).toEqual(genesis);
    expect(after.neurons(1)).toEqual(before.neurons(1));
    expect(after.commitment(alice)).toEqual({ block: 0, hex: '0x3c4d3a41313e' });
    expect(after.weights()).toEqual(before.weights());
    expect(after.isToken('miner', 'secret-token')).toBe(true);
    expect(after.isToken('miner', 'secret-tokem')).toBe(false);
  });

  it('with another block time goes on from the block that was reached', async () => {
    await open();
    now += 26_000;
    const after = await open(1);
    expect(after.clock.latest().number).toBe(2);
    now += 3_000;
    expect(after.clock.latest().number).toBe(5);
  });
});

describe('the file', () => {
  it('is only for its owner, holds no token, and nothing else is left beside it', async () => {
    const ledger = await open();
    await Promise.all([ledger.setIdentity('miner', alice, 'secret-token'), register(ledger, bob)]);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(stateFile, 'utf8')).not.toContain('secret-token');
    expect(await readdir(path.dirname(stateFile))).toEqual(['state.json']);
  });

  it('that cannot be written lets the change fail, and it did not happen', async () => {
    const ledger = await open();
    await rename(path.dirname(stateFile), `${path.dirname(stateFile)} away`);
    await expect(register(ledger, alice)).rejects.toThrow(`cannot be written at ${stateFile}`);
    expect(ledger.neurons(0)).toEqual([]);
    await rename(`${path.dirname(stateFile)} away`, path.dirname(stateFile));
    expect(await register(ledger, alice)).toMatchObject({ uid: 0 });
    expect((await open()).neurons(0)).toHaveLength(1);
  });

  it('whose last line was cut off by a crash is gone on with from before it', async () => {
    const ledger = await open();
    await register(ledger, alice);
    const whole = await readFile(stateFile, 'utf8');
    await register(ledger, bob);
    const longer = await readFile(stateFile, 'utf8');
    for (const text of [longer.slice(0, -1), longer.slice(0, whole.length + 9)]) {
      await writeFile(stateFile, text);
      expect((await open()).neurons(0)).toMatchObject([{ hotkey: alice }]);
    }
  });

  it('grows by what has happened only', async () => {
    const ledger = await open();
    await ledger.register(new Map([alice, bob, carol].map((hotkey) => [hotkey, participant])));
    const before = (await stat(stateFile)).size;
    await register(ledger, bob, { stake: 6 });
    expect((await stat(stateFile)).size - before).toBeLessThan(500);
  });

  it.each([['{"version":1'], ['[]'], ['{"version":2}'], ['null'], ['{"version":1,"genesis":"x"}']])(
    'that holds something else is named, and left alone: %s',
    async (text) => {
      stateFile = path.join(folder, 'other.json');
      await writeFile(stateFile, text);
      await expect(open()).rejects.toThrow(`${stateFile} is not a devnet's state.`);
      expect(await readFile(stateFile, 'utf8')).toBe(text);
    },
  );

  it('that is a folder is named', async () => {
    await expect(new FileLog(folder).read()).rejects.toThrow(`cannot be read at ${folder}`);
  });

  it('keeps its mode when an older one was wider', async () => {
    await open();
    await chmod(stateFile, 0o644);
    await register(await open(), alice);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
  });
});
