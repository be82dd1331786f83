import { once } from 'node:events';
import net from 'node:net';

/** A port of a machine for one executor's streaming job, and the port that leads to it from outside. */
export interface StreamingPort {
  port: number;
  publicPort: number;
}

/**
 * Reads which ports of a machine streaming jobs may use: `6000-6999`, `6001,6005`, or as pairs `6000:16000` where users
 * reach port 6000 of the machine as 16000; any mixture, separated by commas.
 *
 * @throws Error with one sentence, that ends without naming where the text came from
 */
export function parseStreamingPorts(text: string): StreamingPort[] {
  const ports = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .flatMap(range);
  if (ports.length === 0) throw new Error('no port is named');
  for (const side of ['port', 'publicPort'] as const) {
    const twice = repeated(ports.map((pair) => pair[side]));
    if (twice !== undefined) throw new Error(`port ${twice} is named twice`);
  }
  return ports;
}

function range(part: string): StreamingPort[] {
  const { first, last, outside } =
    /^(?<first>\d+)(-(?<last>\d+)|:(?<outside>\d+))?$/.exec(part)?.groups ?? {};
  if (first === undefined) {
    throw new Error(`"${part}" is none of: a port (6001), a range (6000-6999), a pair (6000:16000)`);
  }
  const [from, to] = [portOf(first), portOf(last ?? first)];
  if (from > to) throw new Error(`"${part}" ends before it begins`);
  if (outside !== undefined) return [{ port: from, publicPort: portOf(outside) }];
  return Array.from({ length: to - from + 1 }, (_, at) => ({ port: from + at, publicPort: from + at }));
}

function portOf(text: string): number {
  const port = Number(text);
  if (port < 1 || port > 65_535) throw new Error(`${text} is no port: they go from 1 to 65535`);
  return port;
}

function repeated(numbers: number[]): number | undefined {
  const seen = new Set<number>();
  return numbers.find((number) => seen.size === seen.add(number).size);
}

/** The streaming ports of one machine: each executor has one of its own, from its start to its end. */
export class StreamingPorts {
  private readonly held = new Set<number>();

  /**
   * @param ports those that may be used, in the order of preference
   * @param isFree asked before a port is given out, where that can be told from here
   */
  constructor(
    private ports: StreamingPort[],
    private readonly isFree: (port: number) => Promise<boolean> = async () => true,
  ) {}

  /** From now on these may be used; executors keep the ports that they have. */
  offer(ports: StreamingPort[]): void {
    this.ports = ports;
  }

  /**
   * The first port that is free.
   *
   * @param except ports that have just turned out to be somebody else's
   * @throws Error when there is none
   */
  async take(except: ReadonlySet<number> = new Set()): Promise<StreamingPort> {
    for (const pair of this.ports) {
      if (this.held.has(pair.port) || except.has(pair.port)) continue;
      this.held.add(pair.port);
      if (await this.isFree(pair.port)) return pair;
      this.held.delete(pair.port);
    }
    throw new Error(
      `None of the ${this.ports.length} ports for streaming jobs is free: ${this.held.size} are used by executors, the ` +
        `others by other programs.`,
    );
  }

  /** The port is an executor's that runs already. */
  occupy(port: number): void {
    this.held.add(port);
  }

  release(port: number): void {
    this.held.delete(port);
  }
}

/** Whether a port of this machine can be listened on, on every address. */
export async function canListen(port: number): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen({ port, exclusive: true });
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
