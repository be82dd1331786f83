import type {
  MinerAddress,
  MinerClient,
  MinerConnectOptions,
} from '../../apps/validator/src/miner/miner-client.ts';
import type { Offers } from './offers.ts';
import type { SimulatedNetwork } from './network.ts';

/**
 * Answers for all miners, without connections: their manifests, and which hotkey is the main one.
 *
 * @param silence what a silent miner does instead of answering
 */
export function scriptedClient(
  network: SimulatedNetwork,
  offers: Offers,
  head: () => number,
  silence: 'fails' | 'offers nothing',
): MinerClient {
  const miners = new Map(network.miners.map((miner) => [miner.hotkey, miner]));
  const connect = async ({ hotkey }: MinerAddress, { onMessage }: MinerConnectOptions) => {
    const miner = miners.get(hotkey)!;
    const manifest = offers.answer(miner);
    if (!manifest && silence === 'fails') throw new Error('it is silent');
    await onMessage({ message_type: 'V0ExecutorManifestRequest', manifest: manifest ?? new Map() } as never);
    return {
      closed: new Promise(() => undefined),
      close: () => undefined,
      sendMessage: async () => {
        const main_hotkey = network.mainHotkey(miner.coldkey, head());
        await onMessage({ message_type: 'V0MainHotkeyMessage', main_hotkey } as never);
      },
    };
  };
  return { connect } as unknown as MinerClient;
}
