import { createServer } from 'node:net';
import { UsageError } from '../usage-error.ts';
import { whoListens } from './processes.ts';

export interface WishedPort {
  /** What listens on it: "the miner". */
  service: string;
  /** 0: any free port. */
  port: number;
  /** The user asked for this very port; another one will not do. */
  explicit: boolean;
}

/** A port that is free now: the wished one, or another with a line that says who has it. Throws UsageError. */
export async function findPort(
  { service, port, explicit }: WishedPort,
  say: (line: string) => void,
): Promise<number> {
  if (port !== 0 && (await isFree(port))) return port;
  if (port === 0) return anyFreePort();
  const holder = (await whoListens(port)) ?? 'another program';
  if (explicit) throw new UsageError(`Port ${port}, asked for ${service}, is taken by ${holder}.`);
  const other = await anyFreePort();
  say(`Port ${port} is taken by ${holder}; ${service} listens on ${other} instead.`);
  return other;
}

const isFree = (port: number): Promise<boolean> => listenOn(port).then((found) => found !== null);

async function anyFreePort(): Promise<number> {
  return (await listenOn(0))!;
}

function listenOn(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
