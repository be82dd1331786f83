import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger, type Ledger } from './ledger.ts';
import { StateFile } from './state-file.ts';

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
const open = (blockTime = 12): Promise<Ledger> => openLedger({ stateFile, blockTime }, () => now);
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
    for (const hotkey of [alice, bob, carol]) await ledger.register(hotkey, participant);
    await ledger.remove(bob);
    nextBlock();
    expect(await ledger.register(alice, { ...participant, stake: 6 })).toMatchObject({ uid: 0, stake: 6 });
    expect(await ledger.register(bob, participant)).toMatchObject({ uid: 1 });
    expect(ledger.neurons(1).map(({ hotkey, uid }) => [hotkey, uid])).toEqual([
      [alice, 0],
      [bob, 1],
      [carol, 2],
    ]);
  });

  it('is answered for each block as it was at its end', async () => {
    const ledger = await open();
    await ledger.register(alice, participant);
    await ledger.register(alice, { ...participant, stake: 6 });
    nextBlock();
    await ledger.register(alice, { ...participant, axon: null });
    nextBlock();
    await ledger.remove(alice);
    expect(ledger.neurons(0)).toMatchObject([{ stake: 6, axon: participant.axon }]);
    expect(ledger.neurons(1)).toMatchObject([{ stake: 5, axon: null }]);
    expect(ledger.neurons(2)).toEqual([]);
  });

  it('was last updated when it was registered, then when it set weights: no other change counts', async () => {
    const ledger = await open();
    await ledger.register(bob, participant);
    await ledger.remove(bob);
    nextBlock();
    await ledger.register(bob, participant);
    nextBlock();
    await ledger.register(bob, { ...participant, stake: 6 });
    expect(ledger.neurons(2)).toMatchObject([{ stake: 6, last_update: 1 }]);
    nextBlock();
    await ledger.setWeights(bob, new Map([[bob, 1]]));
    expect(ledger.neurons(3)).toMatchObject([{ last_update: 3 }]);
    expect(ledger.neurons(2)).toMatchObject([{ last_update: 1 }]);
  });

  it('registers again without a trace when nothing changes', async () => {
    const ledger = await open();
    await ledger.register(alice, participant);
    nextBlock();
    expect(await ledger.register(alice, { ...participant })).toMatchObject({ last_update: 0 });
  });

  it('all registrations at once get numbers of their own', async () => {
    const ledger = await open();
    const neurons = await Promise.all(
      [alice, bob, carol].map((hotkey) => ledger.register(hotkey, participant)),
    );
    expect(new Set(neurons.map(({ uid }) => uid)).size).toBe(3);
  });

  it('leaves together with its commitment', async () => {
    const ledger = await open();
    await ledger.register(alice, participant);
    await ledger.commit(alice, Buffer.from('x'));
    expect(await ledger.remove(alice)).toBe(true);
    expect(await ledger.remove(alice)).toBe(false);
    expect(ledger.commitment(alice)).toBeUndefined();
  });
});

describe('weights', () => {
  it('for hotkeys that are not registered are dropped', async () => {
    const ledger = await open();
    await ledger.register(alice, participant);
    await ledger.setWeights(
      alice,
      new Map([
        [alice, 1],
        [bob, 2],
      ]),
    );
    expect(ledger.weights).toEqual([{ block: 0, hotkey: alice, weights: { [alice]: 1 } }]);
    expect(ledger.neurons(0)).toMatchObject([{ last_update: 0 }]);
  });

  it('are forgotten after a hundred newer ones of the same hotkey', async () => {
    const ledger = await open();
    await ledger.register(alice, participant);
    await ledger.setWeights(bob, new Map([[alice, 1]]));
    for (let i = 0; i < 102; i++) await ledger.setWeights(alice, new Map([[alice, i]]));
    expect(ledger.weights).toHaveLength(101);
    expect(ledger.weights[1]).toMatchObject({ weights: { [alice]: 2 } });
  });
});

describe('a restart', () => {
  it('goes on with everything', async () => {
    const before = await open();
    await before.register(alice, participant);
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
    expect(after.weights).toEqual(before.weights);
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
    await Promise.all([
      ledger.setIdentity('miner', alice, 'secret-token'),
      ledger.register(bob, participant),
    ]);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(stateFile, 'utf8')).not.toContain('secret-token');
    expect(await readdir(path.dirname(stateFile))).toEqual(['state.json']);
  });

  it('that cannot be written lets the change fail, and it did not happen', async () => {
    const ledger = await open();
    await rm(path.dirname(stateFile), { recursive: true });
    await writeFile(path.dirname(stateFile), 'a file where the folder was');
    await expect(ledger.register(alice, participant)).rejects.toThrow(`cannot be written at ${stateFile}`);
    expect(ledger.neurons(0)).toEqual([]);
    await rm(path.dirname(stateFile));
    expect(await ledger.register(alice, participant)).toMatchObject({ uid: 0 });
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
    await expect(new StateFile(folder).read()).rejects.toThrow(`cannot be read at ${folder}`);
  });

  it('keeps its mode when an older one was wider', async () => {
    await open();
    await chmod(stateFile, 0o644);
    await (await open()).register(alice, participant);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
  });
});
