import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { UsageError } from '../usage-error.ts';
import { whoListens } from './processes.ts';
import type { ServiceName } from './services.ts';

/** How many ports are tried before any is taken that the system gives. */
const maxTries = 50;

export interface WishedPort {
  /** 0: any free port. */
  port: number;
  /** The user asked for this very port; another one will not do. */
  explicit: boolean;
}

/**
 * Ports that are free now: the wished ones, or others with a line that says who has the wished one.
 *
 * @throws UsageError when one that was asked for cannot be had
 */
export async function choosePorts(
  wishes: Record<ServiceName, WishedPort>,
  say: (line: string) => void,
): Promise<Record<ServiceName, number>> {
  const chosen = new Map<number, string>();
  const ports = {} as Record<ServiceName, number>;
  // Those that were asked for first: the usual port of one service may be asked for another.
  const names = (Object.keys(wishes) as ServiceName[]).toSorted(
    (one, other) => Number(wishes[other].explicit) - Number(wishes[one].explicit),
  );
  for (const name of names) {
    const { port, explicit } = wishes[name];
    const holder = port === 0 ? null : (chosen.get(port) ?? (await holderOf(port)));
    if (holder !== null && explicit)
      throw new UsageError(`Port ${port}, asked for the ${name}, is taken by ${holder}.`);
    ports[name] = port === 0 || holder !== null ? await anyFreePort(chosen) : port;
    if (holder !== null)
      say(`Port ${port} is taken by ${holder}; the ${name} listens on ${ports[name]} instead.`);
    chosen.set(ports[name], `the ${name}`);
  }
  return ports;
}

/** Who has a port; null when it is free. @throws UsageError when this user may not have it */
async function holderOf(port: number): Promise<string | null> {
  const found = await listenOn(port);
  if (typeof found === 'number') return null;
  if (found.code !== 'EADDRINUSE')
    throw new UsageError(`This user may not listen on port ${port} (${found.code}).`);
  return (await whoListens(port)) ?? 'another program';
}

/**
 * One that the system gives to nobody by itself: it gives out those from 32,768 on, and might give this one to another
 * program before the service listens.
 */
async function anyFreePort(except: ReadonlyMap<number, string>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const found = await listenOn(tries > maxTries ? 0 : randomInt(20_000, 30_000));
    if (typeof found !== 'number') {
      if (found.code !== 'EADDRINUSE') throw found;
    } else if (!except.has(found)) return found;
  }
}

function listenOn(port: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as AddressInfo;
      server.close(() => resolve(address.port));
    });
  });
}
