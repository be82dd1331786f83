import { orAborted } from '@horde/async';
import { Health, repeat } from '@horde/operations';
import { Command } from 'nest-commander';
import { validatorModule } from '../validator.module.ts';
import { MinerCommand, usualPlace, type MinerOptions } from './miner-options.ts';
import { ValidatorContext } from './validator-context.ts';

/** How often it is looked whether the facilitators can be used. @unit ms */
const lookInterval = 1_000;

@Command({
  name: 'debug_connect_facilitator',
  description:
    'be the validator until it is interrupted, without its HTTP port, and give all jobs to one miner, whatever the chain says; beside a validator that runs on the same database it only waits to take over',
})
export class DebugConnectFacilitator extends MinerCommand {
  constructor(private readonly context: ValidatorContext) {
    super();
  }

  override async run(_words: string[], options: MinerOptions): Promise<void> {
    const { minerHotkey, minerAddress, minerPort } = { ...usualPlace, ...options };
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
