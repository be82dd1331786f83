import { AnswerError } from './answer-error.ts';
import { ChainError, type Block, type Hyperparameters } from './chain.ts';
import {
  hyperparametersOf,
  netuidArgument,
  orNull,
  readBlockNumber,
  readHash,
  readHyperparams,
  readTimestamp,
  timestampNow,
} from './subtensor-answers.ts';
import { SubtensorRpc, UnknownBlock } from './subtensor-rpc.ts';

export interface SubtensorOptions {
  /** `wss://host:port` */
  address: string;
  /** A node that keeps the state of all blocks, asked for those that the other has no longer; null: there is none. */
  archive: string | null;
  netuid: number;
  /** For connecting, and for each answer. @unit ms @default 30 s */
  limit?: number;
}

/** The public nodes by the names that ComputeHorde's settings have for them. */
const networks: Record<string, string> = {
  finney: 'wss://entrypoint-finney.opentensor.ai:443',
  archive: 'wss://archive.chain.opentensor.ai:443',
  test: 'wss://test.finney.opentensor.ai:443',
  local: 'ws://127.0.0.1:9944',
};

/** The address of a node that a setting names; null when it is neither a network's name nor a websocket's address. */
export function subtensorAddress(network: string): string | null {
  if (Object.hasOwn(networks, network)) return networks[network]!;
  return ['ws:', 'wss:'].includes(URL.parse(network)?.protocol ?? '') ? network : null;
}

/** The chain over the JSON-RPC of its nodes, read only: what a Pylon does not tell. A call is made three times. */
export class SubtensorChain {
  private readonly node: SubtensorRpc;
  private readonly archive: SubtensorRpc | null;

  /** @throws ChainError when an address cannot be one */
  constructor(private readonly options: SubtensorOptions) {
    this.node = new SubtensorRpc(options.address, options.limit);
    this.archive = options.archive === null ? null : new SubtensorRpc(options.archive, options.limit);
  }

  /** As of `Chain`. */
  async latestBlock(): Promise<Block> {
    const hash = await this.ask(this.node, 'chain_getBlockHash', [], readHash);
    const number = await this.ask(this.node, 'chain_getHeader', [hash], readBlockNumber);
    return { number, hash };
  }

  /** As of `Chain`. A node knows the hashes of blocks whose state it does not have any more. */
  async blockHash(block: number): Promise<string> {
    const hash = await this.ask(this.node, 'chain_getBlockHash', [block], orNull(readHash));
    if (hash !== null) return hash;
    throw new ChainError('absent', `The chain's node at ${this.node.shown} has no block ${block}.`);
  }

  /** As of `Chain`; null of the very first block, which has no time. */
  async blockTime(block: number): Promise<number | null> {
    const hash = await this.blockHash(block);
    // By its hash: an archive of another chain has no such block.
    for (const node of this.archive ? [this.node, this.archive] : [this.node]) {
      try {
        return await this.ask(node, 'state_getStorage', [timestampNow, hash], orNull(readTimestamp));
      } catch (error) {
        if (!(error instanceof UnknownBlock)) throw error;
      }
    }
    const others = this.archive ? `, nor does its archive at ${this.archive.shown}` : '';
    throw new ChainError(
      'absent',
      `The chain's node at ${this.node.shown} does not know any more what was in block ${block}${others}.`,
    );
  }

  /** As of `Chain`. */
  async hyperparameters(): Promise<Hyperparameters> {
    const { netuid } = this.options;
    const found = await this.ask(
      this.node,
      'state_call',
      [hyperparametersOf, netuidArgument(netuid)],
      readHyperparams,
    );
    if (found) return found;
    throw new ChainError('refused', `The chain at ${this.node.shown} has no subnet ${netuid}.`);
  }

  private async ask<T>(
    rpc: SubtensorRpc,
    method: string,
    params: unknown[],
    read: (answer: unknown) => T,
  ): Promise<T> {
    const answer = await rpc.call(method, params);
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new ChainError(
        'unreadable',
        `The chain's node at ${rpc.shown} answered ${method} with something else: ${error.message}.`,
      );
    }
  }
}
