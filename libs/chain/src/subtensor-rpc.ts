import { doublingPause, pause } from '@horde/async';
import { ChainError } from './chain.ts';
import { SubtensorLine } from './subtensor-line.ts';

/** How often a call is made when nothing answers, and the pauses in between: as ComputeHorde's validator. */
const attempts = 3;
const pauses = { first: 100, max: 800 };
/** For connecting, and for an answer: as ComputeHorde's validator. @unit ms */
const defaultLimit = 30_000;
/** JSON-RPC's codes for a call that the node does not know in this form; any other error may pass. */
const misunderstood: unknown[] = [-32_600, -32_601, -32_602];
/** How much of a node's own explanation an error repeats. @unit characters */
const detailLimit = 300;

/** The node does not have the block that was asked about, or no longer what was in its state. */
export class UnknownBlock extends ChainError {}

/** JSON-RPC to one node of the chain, over a connection that is opened when it is needed. */
export class SubtensorRpc {
  /** What errors call it: the address without path and query, which may hold a key. */
  readonly shown: string;
  private line: Promise<SubtensorLine> | null = null;

  /** @param limit @unit ms @throws ChainError when the address is no ws or wss address */
  constructor(
    private readonly address: string,
    private readonly limit = defaultLimit,
  ) {
    const url = URL.parse(address);
    if (!url || !['ws:', 'wss:'].includes(url.protocol)) {
      throw new ChainError(
        'unreachable',
        `A Subtensor node's address must begin with ws:// or wss://, and ${JSON.stringify(address)} does not.`,
      );
    }
    this.shown = `${url.protocol}//${url.host}`;
  }

  /** @throws UnknownBlock, ChainError when there is no answer, or one that says no */
  async call(method: string, params: unknown[] = []): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await (await this.connected()).ask(method, params, this.limit);
        if ('result' in answer) return answer.result;
        throw this.refused(method, answer.error);
      } catch (error) {
        if (error instanceof ChainError) throw error;
        if (attempt === attempts) {
          const why = error instanceof Error ? error.message : String(error);
          throw new ChainError('unreachable', `The chain's node at ${this.shown} does not answer: ${why}.`);
        }
      }
      await pause(doublingPause(attempt, pauses));
    }
  }

  private connected(): Promise<SubtensorLine> {
    if (this.line) return this.line;
    const line = SubtensorLine.open(this.address, this.limit);
    const forget = () => {
      if (this.line === line) this.line = null;
    };
    this.line = line;
    line.then((opened) => opened.ended.then(forget), forget);
    return line;
  }

  private refused(method: string, { code, message }: { code: unknown; message: string }): ChainError {
    const sentence = `The chain's node at ${this.shown} answered ${method} with error ${code}: ${message.slice(0, detailLimit)}`;
    if (/UnknownBlock|State already discarded|Header was not found/i.test(message))
      return new UnknownBlock('absent', sentence);
    return new ChainError(misunderstood.includes(code) ? 'refused' : 'unreachable', sentence);
  }
}
