import { isIP } from 'node:net';
import { requireHotkey, ServiceCommand, UsageError } from '@horde/commands';
import { ExecutorClass } from '@horde/protocol';
import { Option } from 'nest-commander';

export interface MinerOptions {
  minerHotkey: string;
  minerAddress?: string;
  minerPort?: number;
}

/** Where a miner is that is named by no more than its hotkey. */
export const usualPlace = { minerAddress: '127.0.0.1', minerPort: 8_000 };

/** A command that is about one miner, wherever the chain says it is. */
export abstract class MinerCommand extends ServiceCommand {
  @Option({ flags: '--miner-hotkey <hotkey>', description: 'the miner', required: true })
  minerHotkey(text: string): string {
    requireHotkey(text);
    return text;
  }

  @Option({
    flags: '--miner-address <ip>',
    description: `its IP address (default: ${usualPlace.minerAddress})`,
  })
  minerAddress(text: string): string {
    return readAddress(text);
  }

  @Option({ flags: '--miner-port <port>', description: `its port (default: ${usualPlace.minerPort})` })
  minerPort(text: string): number {
    return readPort(text);
  }
}

/** @throws UsageError */
export function readAddress(text: string): string {
  if (!isIP(text)) throw new UsageError(`"${text}" is not an IP address.`);
  return text;
}

/** @throws UsageError */
export function readPort(text: string): number {
  const port = Number(text);
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw new UsageError(`"${text}" is not a port.`);
  return port;
}

/** @throws UsageError */
export function readExecutorClass(text: string): ExecutorClass {
  const found = ExecutorClass.find((name) => name === text);
  if (!found) throw new UsageError(`"${text}" is not one of ${ExecutorClass.join(', ')}.`);
  return found;
}
