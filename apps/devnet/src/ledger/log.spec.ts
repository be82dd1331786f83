import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLog } from './file-log.ts';
import { openLedger, type Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { PostgresLog } from './postgres-log.ts';

const address = (seed: number) => Keypair.fromSeed(new Uint8Array(32).fill(seed)).address;
const [alice, bob] = [address(1), address(2)];
const participant = { coldkey: alice, stake: 5, validator_permit: true, axon: null };

interface Place {
  open(): Promise<Log>;
  remove(): Promise<void>;
}

async function inFile(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'log-'));
  return {
    open: async () => new FileLog(path.join(folder, 'state.json')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function inPostgres(): Promise<Place> {
  const url = await createTestDatabase();
  return { open: () => PostgresLog.open(url), remove: async () => undefined };
}

describe.each([
  ['a file', inFile],
  ['Postgres', inPostgres],
])('a chain that is kept in %s', (_where, make) => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  let place: Place;
  let opened: Ledger[];

  const open = async () => {
    const ledger = await openLedger(await place.open(), { blockTime: 12, netuid: 12 }, () => now);
    opened.push(ledger);
    return ledger;
  };
  beforeEach(async () => {
    place = await make();
    opened = [];
  });
  afterEach(async () => {
    for (const ledger of opened) await ledger.close();
    await place.remove();
  });

  it('is the same after a restart, and after the next one', async () => {
    const before = await open();
    await before.pace(null, 0);
    await before.register(new Map([alice, bob].map((hotkey) => [hotkey, participant])));
    await before.setHyperparameters({ commit_reveal_enabled: true, tempo: 10 });
    await before.advance([12_000, 500, 12_000]);
    await before.commit(alice, Buffer.from('<M:A1>'));
    await before.setWeights(alice, new Map([[bob, 1]]));
    await before.setCertificate(bob, { algorithm: 1, public_key: 'ab' });
    await before.setIdentity('validator', alice, 'a-token');
    await before.remove(bob);
    await before.reorganise(1, false);
    for (let i = 0; i < 2; i++) {
      const after = await open();
      expect(after.clock.latest()).toEqual(before.clock.latest());
      expect([0, 1, 2, 3].map((block) => after.clock.time(block))).toEqual(
        [0, 1, 2, 3].map((block) => before.clock.time(block)),
      );
      expect([after.neurons(2), after.neurons(3)]).toEqual([before.neurons(2), before.neurons(3)]);
      expect(after.commitments()).toEqual({ [alice]: { block: 3, hex: '0x3c4d3a41313e' } });
      expect(after.sealedWeights()).toEqual(before.sealedWeights());
      expect(after.hyperparameters).toEqual(before.hyperparameters);
      expect(after.certificates).toEqual({ [bob]: { algorithm: 1, public_key: 'ab' } });
      expect(after.isToken('validator', 'a-token')).toBe(true);
    }
  });

  it('keeps changes that come at once, each in its place', async () => {
    const before = await open();
    const all = Array.from({ length: 50 }, (_, i) => address(i + 1));
    await Promise.all(all.map((hotkey) => before.register(new Map([[hotkey, participant]]))));
    expect((await open()).neurons(0).map(({ uid, hotkey }) => [uid, hotkey])).toEqual(
      all.map((hotkey, uid) => [uid, hotkey]),
    );
  });
});

it('two devnets do not go on with one chain in Postgres: the first can change nothing any more', async () => {
  const url = await createTestDatabase();
  const settings = { blockTime: 12, netuid: 12 };
  const first = await openLedger(await PostgresLog.open(url), settings);
  const second = await openLedger(await PostgresLog.open(url), settings);
  await second.register(new Map([[alice, participant]]));
  await expect(first.register(new Map([[bob, participant]]))).rejects.toThrow(
    'Another devnet goes on with the chain in this database.',
  );
  expect(first.isRegistered(bob)).toBe(false);
  await first.close();
  await second.close();
});
