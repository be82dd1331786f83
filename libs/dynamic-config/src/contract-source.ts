import { reasonOf } from '@horde/network';
import { SourceError, type ConfigSource } from './source.ts';

/** What ComputeHorde's Map contract can be asked. */
const abi = [
  {
    type: 'function',
    name: 'value',
    stateMutability: 'view',
    inputs: [{ name: 'key', type: 'string' }],
    outputs: [{ type: 'string' }],
  },
] as const;

/** How long the node may take for each of its answers. @unit ms */
const limit = 10_000;
/** A longer value is passed over. @unit characters */
const maxValue = 100_000;

export interface ContractOptions {
  /** Of the contract: 0x and 40 hexadecimal digits. */
  address: string;
  /** Of a node that answers Ethereum's JSON-RPC: ws, wss, http or https. */
  node: string;
}

/** The values that ComputeHorde's Map contract has: each is a key's value as JSON; an empty one says nothing. */
export const mapContract = ({ address, node }: ContractOptions): ConfigSource => ({
  async read(keys) {
    // Few validators ask a contract: for the others it would only cost memory.
    const { createPublicClient, http, webSocket } = await import('viem');
    const options = { timeout: limit, retryCount: 1 };
    const isSocket = /^wss?:/.test(node);
    const transport = isSocket
      ? webSocket(node, { ...options, reconnect: false, keepAlive: false })
      : http(node, { ...options, batch: true });
    const client = createPublicClient({ transport });
    try {
      const texts = await Promise.all(
        keys
          .filter((key) => key.startsWith('DYNAMIC_'))
          .map(async (key): Promise<[string, string]> => {
            const args = [key] as const;
            const contract = { address: address as `0x${string}`, abi, functionName: 'value', args } as const;
            return [key, await client.readContract(contract)];
          }),
      );
      return [Object.fromEntries(texts.flatMap(([key, text]) => entryOf(key, text)))];
    } catch (error) {
      throw new SourceError(`The contract ${address} cannot be asked at ${shown(node)}: ${reason(error)}.`);
    } finally {
      if (isSocket) await closeSocket(client.transport);
    }
  },
});

function entryOf(key: string, text: string): [string, object][] {
  if (text === '' || text.length > maxValue) return [];
  try {
    return [[key, { items: [{ value: JSON.parse(text) as unknown }] }]];
  } catch {
    return [];
  }
}

async function closeSocket(transport: object): Promise<void> {
  const { getRpcClient } = transport as { getRpcClient?: () => Promise<{ close(): void }> };
  await getRpcClient?.().then(
    (socket) => socket.close(),
    () => undefined,
  );
}

/** The first line of what viem says; the others repeat the request. */
function reason(error: unknown): string {
  const { shortMessage, details } = error as { shortMessage?: string; details?: string };
  const said = [shortMessage?.split('\n')[0], details].filter(Boolean).join(' ');
  return (said || reasonOf(error)).replace(/[.\s]+$/, '');
}

const shown = (url: string): string => URL.parse(url)?.host ?? 'an address that is none';
