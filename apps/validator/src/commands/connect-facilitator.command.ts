import { requireHotkey, ServiceCommand } from '@horde/commands';
import { orAborted } from '@horde/async';
import { Health, repeat } from '@horde/operations';
import { Command, Option } from 'nest-commander';
import { validatorModule } from '../validator.module.ts';
import { readAddress, readPort } from './run-lone-job.ts';
import { ValidatorContext } from './validator-context.ts';

interface Options {
  minerHotkey: string;
  minerAddress?: string;
  minerPort?: number;
}

/** How often it is looked whether the facilitators can be used. @unit ms */
const lookInterval = 1_000;

@Command({
  name: 'debug_connect_facilitator',
  description:
    'be the validator until it is interrupted, without its HTTP port, and give all jobs to one miner, whatever the chain says; beside a validator that runs on the same database it only waits to take over',
})
export class DebugConnectFacilitator extends ServiceCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(_words: string[], options: Options): Promise<void> {
    const { minerHotkey, minerAddress = '127.0.0.1', minerPort = 8_000 } = options;
    const { print, signal, logger } = this.context;
    const settings = this.context.settings();
    Object.assign(settings, {
      debugMinerKey: minerHotkey,
      debugMinerAddress: minerAddress,
      debugMinerPort: minerPort,
    });
    await this.context.with(validatorModule(settings, logger), async (app) => {
      print(
        `Jobs of ${settings.facilitatorUris.join(', ')} go to the miner ${minerHotkey} at ${minerAddress} port ${minerPort}, until this is interrupted.`,
      );
      const tell = tellsChanges(app.get(Health), print);
      const stopTelling = repeat(tell, lookInterval, (error) =>
        logger.error({ error }, 'its health is not known'),
      );
      await orAborted(new Promise(() => undefined), signal).finally(stopTelling);
    });
  }

  @Option({ flags: '--miner-hotkey <hotkey>', description: 'the miner', required: true })
  minerHotkey(text: string): string {
    requireHotkey(text);
    return text;
  }

  @Option({ flags: '--miner-address <ip>', description: 'its IP address (default: 127.0.0.1)' })
  minerAddress(text: string): string {
    return readAddress(text);
  }

  @Option({ flags: '--miner-port <port>', description: 'its port (default: 8000)' })
  minerPort(text: string): number {
    return readPort(text);
  }
}

/** What prints how the links to the facilitators stand, where that has changed. */
function tellsChanges(health: Health, print: (text: string) => void): () => Promise<void> {
  const told = new Map<string, string>();
  return async () => {
    for (const [name, said] of Object.entries((await health.report()).checks)) {
      if (!name.startsWith('facilitator link') || told.get(name) === said) continue;
      told.set(name, said);
      print(`${name}: ${said}`);
    }
  };
}
