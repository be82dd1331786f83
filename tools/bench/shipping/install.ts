import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createHotkey } from '@horde/identity';
import type { NearServer } from '../../../tests/shipping/near-server.ts';
import type { Figure } from '../figure.ts';

const bar = 60;

/** From the line that an operator types to the end of it: a miner whose self-test has passed. */
export async function installFigure(near: NearServer): Promise<Figure> {
  const { server } = near;
  const wallet = path.join(server.folder, 'wallets/mine');
  const hotkey = path.join(wallet, 'hotkeys/default');
  mkdirSync(path.dirname(hotkey), { recursive: true });
  writeFileSync(path.join(wallet, 'coldkeypub.txt'), '{"ss58Address":"5F"}\n');
  await createHotkey(hotkey);
  // The chain of one machine, and no GPU; nothing outside tells this server its address.
  const lines = [
    'BITTENSOR_NETWORK=devnet',
    'DEBUG_NO_GPU_MODE=true',
    // Of the updates that come later.
    'UPDATE_WATCH_SECONDS=5',
    `BITTENSOR_MINER_ADDRESS=${server.address}`,
  ];
  await server.run(
    `mkdir ~/compute_horde_miner && printf '%s\\n' ${lines.join(' ')} >~/compute_horde_miner/.env`,
  );
  const began = performance.now();
  const words = ['production', 'server', hotkey, '8000', 'always_on.test'];
  const { code, stderr } = await near.install('miner', words);
  const seconds = (performance.now() - began) / 1_000;
  if (code !== 0 || !/ 0 FAIL$/m.test(stderr)) throw new Error(`The install ended with ${code}:\n${stderr}`);
  return {
    name: 'curl | bash to a miner whose self-test passes',
    value: seconds,
    unit: 's',
    bar,
    atLeast: false,
    note: 'a host with Docker and without Compose, images in a registry on this machine',
  };
}
