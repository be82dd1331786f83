import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureHotkey, ownHotkeyPath } from '@horde/identity';
import { expect, it } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { ownKeypair } from './keypair.ts';

const settings = (isLocalMiner: boolean) =>
  Object.assign(new MinerSettings(), {
    isLocalMiner,
    walletDirectory: path.join(tmpdir(), `horde-wallets-${crypto.randomUUID()}`),
    walletName: 'dummy',
    walletHotkeyName: 'dummy',
  });
const quiet = () => undefined;

it('a local miner does without a wallet, and uses the one that it has', async () => {
  const local = settings(true);
  const made = await ownKeypair(local, quiet);
  expect((await ownKeypair(local, quiet)).address).not.toBe(made.address);
  const { address } = await ensureHotkey(ownHotkeyPath(local));
  expect((await ownKeypair(local, quiet)).address).toBe(address);
});

it('a miner of the subnet does not', async () => {
  await expect(ownKeypair(settings(false), quiet)).rejects.toThrow('There is no hotkey file');
});
