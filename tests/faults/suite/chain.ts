import { setTimeout as sleep } from 'node:timers/promises';
import { host } from './environment.ts';

/** @unit blocks */
const cycle = 722;
/** How much later each block is that is made at once: the chain's clock is hardly put forward. @unit s */
const blockTime = 0.001;
/** How often it is looked whether calls have gone wrong. @unit ms */
const lookEvery = 500;

/** What goes wrong with calls of the chain, as the devnet has it. */
export interface ChainFault {
  path?: string;
  kind: 'refuse' | 'delay' | 'half' | 'silence';
  status?: number;
  /** @unit s */
  seconds?: number;
  times?: number;
}

export interface ChainState {
  /** The newest; `timestamp`: ms since 1970. */
  block: { number: number; timestamp: number };
  weights: { hotkey: string; block: number; weights: Record<string, number> }[];
}

/** The network's chain, by the commands that only a devnet has; past all links. */
export class Chain {
  constructor(private readonly port: number) {}

  put(where: string, body: object): Promise<void> {
    return this.call<void>('PUT', where, body);
  }

  remove(where: string): Promise<void> {
    return this.call<void>('DELETE', where);
  }

  state(): Promise<ChainState> {
    return this.call('GET', 'state');
  }

  /** From now on calls go wrong in these ways and no others. */
  async goWrong(...faults: ChainFault[]): Promise<void> {
    await this.put('faults', { faults });
  }

  /** Resolves when calls have gone wrong as often as they were to, or after a limit. @param limit ms */
  async hasGoneWrong(limit: number): Promise<void> {
    const until = performance.now() + limit;
    const left = async () => (await this.call<{ faults: ChainFault[] }>('GET', 'faults')).faults;
    while ((await left()).length > 0 && performance.now() < until) await sleep(lookEvery);
  }

  /** Makes blocks at once, the first of them as of now. @param seconds how long each of the others takes */
  async makeBlocks(count: number, seconds: number = blockTime): Promise<void> {
    const { block } = await this.state();
    const first = Math.max(seconds, (Date.now() - block.timestamp) / 1_000);
    await this.call('POST', 'blocks', {
      durations: Array.from({ length: count }, (_, at) => (at ? seconds : first)),
    });
  }

  /** Makes blocks until the weights for another cycle may be handed in, where the validator keeps to no smaller window. */
  async endCycle(): Promise<void> {
    const { block } = await this.state();
    const next = (Math.max(0, Math.floor((block.number - 1) / cycle)) + 1) * cycle + 1;
    await this.makeBlocks(next - block.number);
  }

  /** Replaces the newest blocks by others: what happened in them is lost. */
  async reorganise(depth: number): Promise<void> {
    await this.call('POST', 'reorg', { depth, loses: true });
  }

  private async call<T>(method: string, where: string, body?: object): Promise<T> {
    const response = await fetch(`http://${host}:${this.port}/devnet/${where}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The devnet refused ${where}: ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}
