import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import { Counts } from './counts.ts';
import { FailureRate, networkOf } from './failure-rate.ts';
import type { Upgrade } from './upgrade.ts';

/** What peers may do at an endpoint before it is known who they are: until `Connection.trust` is called. */
export interface UntrustedLimits {
  /**
   * How much is read of one. What it sends beyond waits in its own memory, and is read once it is trusted. With 0
   * nothing is read before. @unit bytes
   */
  maxBytes: number;
  /** How many frames of one are handled; further ones are dropped. @default 16 */
  maxFrames?: number;
  /** How many of them may be open; for a further one the oldest is cut. @default 1,024 */
  maxConnections?: number;
  /**
   * How many one address may have open, and half of how many it may open and lose in a minute without having been trusted:
   * each costs a handshake and may cost a line in the log. A further one is answered with 429. @default 256
   */
  maxPerAddress?: number;
  /**
   * How long one may take to be trusted before `Connection.onTimeLimit` is called; null where the peer need not do
   * anything for that. @unit ms @default 10,000
   */
  timeLimit?: number | null;
}

/**
 * In how many pieces a peer's bytes may arrive before it is not read any further: each piece costs more memory than the
 * single byte that may be in it.
 */
const maxPieces = 1_024;

/** The connections of an endpoint that are not trusted yet. */
export class UntrustedConnections {
  private readonly limits: Required<UntrustedLimits>;
  /** The oldest first. */
  private readonly open = new Set<Connection>();
  private readonly ofAddress = new Counts();
  private readonly failures: FailureRate;

  constructor(limits: UntrustedLimits) {
    this.limits = {
      maxFrames: 16,
      maxConnections: 1_024,
      maxPerAddress: 256,
      timeLimit: 10_000,
      ...limits,
    };
    this.failures = new FailureRate(2 * this.limits.maxPerAddress);
  }

  /** Whether one more is let in. */
  admits({ remoteAddress }: Upgrade): boolean {
    const network = networkOf(remoteAddress);
    return this.ofAddress.of(network) < this.limits.maxPerAddress && this.failures.allows(network);
  }

  /** Holds a connection to the limits until it is trusted or gone. Call before its first frame can arrive. */
  add(connection: Connection, socket: Socket, upgrade: Upgrade): void {
    const { maxConnections, maxFrames, timeLimit } = this.limits;
    if (this.open.size >= maxConnections) this.open.values().next().value!.terminate();
    const network = networkOf(upgrade.remoteAddress);
    this.open.add(connection);
    this.ofAddress.add(network, 1);
    const stopCounting = this.boundBytes(connection, socket);
    const timer =
      timeLimit === null ? undefined : setTimeout(() => connection.onTimeLimit(), timeLimit).unref();
    connection.distrust(maxFrames, (isTrusted) => {
      clearTimeout(timer);
      stopCounting();
      this.open.delete(connection);
      this.ofAddress.add(network, -1);
      if (!isTrusted) this.failures.failed(network);
    });
  }

  private boundBytes(connection: Connection, socket: Socket): () => void {
    const { maxBytes } = this.limits;
    if (maxBytes === 0) {
      connection.hold();
      return () => undefined;
    }
    const before = socket.bytesRead;
    let pieces = 0;
    const check = () => {
      if (++pieces > maxPieces || socket.bytesRead - before > maxBytes) connection.hold();
    };
    socket.on('data', check);
    return () => socket.off('data', check);
  }
}
