import { ServiceCommand, UsageError } from '@horde/commands';
import { readSource, type ReceiptSource } from '@horde/receipts';
import { Command, Option } from 'nest-commander';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { ReceiptTransfer } from '../receipts/transfer/receipt-transfer.ts';
import { TransferMetrics } from '../receipts/transfer/transfer-metrics.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options {
  daemon?: boolean;
  debugMinerHotkey?: string;
  debugMinerIp?: string;
  debugMinerPort?: string;
}

@Command({
  name: 'transfer_receipts',
  description: 'fetch the receipts that miners have shown within six hours, whatever the settings say',
})
export class TransferReceipts extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(_words: string[], options: Options = {}): Promise<void> {
    const miners = minersOf(options);
    const { signal, print } = this.context;
    print(
      await this.context.use(async (app) => {
        const transfer = app.get(ReceiptTransfer);
        const config = app.get(ValidatorConfig);
        const interval = () => config.get('DYNAMIC_RECEIPT_TRANSFER_INTERVAL') * 1_000;
        if (options.daemon) await transfer.follow(interval, signal, { miners });
        else await transfer.once(signal, miners);
        return summary(app.get(TransferMetrics));
      }),
    );
  }

  @Option({ flags: '--daemon', description: 'go on with the newest ones until it is stopped' })
  daemon(): boolean {
    return true;
  }

  @Option({ flags: '--debug-miner-hotkey <hotkey>', description: 'only from this miner; with the next two' })
  debugMinerHotkey(text: string): string {
    return text;
  }

  @Option({ flags: '--debug-miner-ip <ip>', description: 'the IP address of that miner' })
  debugMinerIp(text: string): string {
    return text;
  }

  @Option({ flags: '--debug-miner-port <port>', description: 'the port of that miner' })
  debugMinerPort(text: string): string {
    return text;
  }
}

/** @throws UsageError where they name a part of a miner, or none */
function minersOf({ debugMinerHotkey, debugMinerIp, debugMinerPort }: Options): ReceiptSource[] | undefined {
  const parts = [debugMinerHotkey, debugMinerIp, debugMinerPort];
  if (parts.every((part) => part === undefined)) return undefined;
  const miner = readSource(parts.join(':'));
  if (miner) return [miner];
  throw new UsageError('A miner has a hotkey, an IP address and a port: all three --debug-miner options.');
}

async function summary({ receipts, lineErrors, transferErrors }: TransferMetrics): Promise<string> {
  const lines = [`Receipts fetched: ${(await receipts.get()).values[0]!.value}.`];
  for (const [what, counter] of [
    ['Lines left out', lineErrors],
    ['Pages that could not be read', transferErrors],
  ] as const) {
    const { values } = await counter.get();
    const kinds = values.map(({ labels, value }) => `${labels.exc_type} ${value}`);
    if (kinds.length > 0) lines.push(`${what}: ${kinds.join(', ')}.`);
  }
  return lines.join('\n');
}
