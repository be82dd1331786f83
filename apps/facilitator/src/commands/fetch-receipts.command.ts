import { ServiceCommand, UsageError } from '@horde/commands';
import { readSource, type ReceiptSource } from '@horde/receipts';
import { Command, Option } from 'nest-commander';
import { ReceiptFetch } from '../receipts/receipt-fetch.ts';
import { FacilitatorContext } from './facilitator-context.ts';

interface Options {
  minerHotkey?: string;
  minerIp?: string;
  minerPort?: string;
}

@Command({
  name: 'fetch_receipts',
  description: 'fetch the receipts that miners have shown within five hours',
})
export class FetchReceipts extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(_words: string[], options: Options = {}): Promise<void> {
    const named = minerOf(options);
    const { miners, stored, faults, failed } = await this.context.use((app) =>
      app.get(ReceiptFetch).fetch(this.context.signal, named),
    );
    const lines = [`Miners asked: ${miners}. New receipts: ${stored}.`];
    const left = Object.entries(faults).map(([fault, count]) => `${fault} ${count}`);
    if (left.length > 0) lines.push(`Lines left out: ${left.join(', ')}.`);
    for (const [hotkey, why] of failed) lines.push(`${hotkey} could not be read to the end: ${why}.`);
    this.context.print(lines.join('\n'));
  }

  @Option({ flags: '--miner-hotkey <hotkey>', description: 'only from this miner; with the next two' })
  minerHotkey(text: string): string {
    return text;
  }

  @Option({ flags: '--miner-ip <ip>', description: 'the IP address of that miner' })
  minerIp(text: string): string {
    return text;
  }

  @Option({ flags: '--miner-port <port>', description: 'the port of that miner' })
  minerPort(text: string): string {
    return text;
  }
}

/** @throws UsageError where they name a part of a miner, or none */
function minerOf({ minerHotkey, minerIp, minerPort }: Options): ReceiptSource[] | undefined {
  const parts = [minerHotkey, minerIp, minerPort];
  if (parts.every((part) => part === undefined)) return undefined;
  const miner = readSource(parts.join(':'));
  if (miner) return [miner];
  throw new UsageError('A miner has a hotkey, an IP address and a port: all three --miner options.');
}
