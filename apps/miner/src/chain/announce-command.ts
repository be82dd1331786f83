import type { MinerSettings } from '../settings.ts';

/** What does it on a machine with the wallet, through ComputeHorde's own library for the chain. */
const program = [
  'import sys, bittensor as b',
  'from bittensor.core.extrinsics.serving import serve_extrinsic',
  'network, netuid, folder, wallet, hotkey, ip, port = sys.argv[1:]',
  'print(serve_extrinsic(b.Subtensor(network), b.Wallet(wallet, hotkey, folder), ip, int(port), 4, int(netuid)))',
].join('; ');

/** A shell command that writes the miner's address on the chain: for a chain that this miner reads, but cannot write. */
export function announceCommand(settings: MinerSettings, { ip, port }: { ip: string; port: number }): string {
  const { network, netuid, walletDirectory, walletName, walletHotkeyName } = settings;
  // A shell does not resolve ~ between quotes; Python's library does.
  const words = [program, network, `${netuid}`, walletDirectory, walletName, walletHotkeyName, ip, `${port}`];
  return `python3 -c ${words.map(quoted).join(' ')}`;
}

const quoted = (word: string): string =>
  /^[\w./:~-]+$/.test(word) && !word.startsWith('~') ? word : `'${word.replaceAll("'", `'\\''`)}'`;
