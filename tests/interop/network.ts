import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@horde/testing/free-port';
import { horde, lastJson, newDataFolder, removeDataFolder } from '@horde/testing/horde';
import { makeTestImage } from '@horde/testing/test-image';

/** A whole network of ours, as `./horde up` starts it. */
export interface RunningNetwork {
  facilitator: string;
  /** The folder of the wallets, in which the user's is called `user`. */
  wallets: string;
  /** The validator's hotkey. */
  validator: string;
  /** An image with a shell. */
  image: string;
  stop(): Promise<void>;
}

export async function startNetwork(): Promise<RunningNetwork> {
  const image = await makeTestImage();
  const data = await newDataFolder();
  const stop = async () => {
    await horde(['down'], data);
    await removeDataFolder(data);
    await image.remove();
  };
  // Any ports: the usual ones are for the network of another spec, which may start at the same time.
  const ports = await Promise.all(
    ['facilitator', 'validator', 'miner', 'devnet'].map(async (name) => [
      `--${name}-port`,
      String(await freePort()),
    ]),
  );
  const started = await horde(['up', '--executors', '5', ...ports.flat()], data);
  if (started.code !== 0) {
    await stop();
    throw new Error(`The network does not start:\n${started.stdout}${started.stderr}`);
  }
  const { services } = lastJson(await horde(['status', '--json'], data)) as {
    services: { name: string; url: string }[];
  };
  const wallets = path.join(data, 'wallets');
  const hotkey = JSON.parse(await readFile(path.join(wallets, 'validator/hotkeys/default'), 'utf8')) as {
    ss58Address: string;
  };
  return {
    facilitator: services.find(({ name }) => name === 'facilitator')!.url,
    wallets,
    validator: hotkey.ss58Address,
    image: image.reference,
    stop,
  };
}
