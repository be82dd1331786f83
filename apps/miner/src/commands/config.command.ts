import { WrongValue } from '@horde/dynamic-config';
import { Command } from 'nest-commander';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MinerCommand } from './miner-command.ts';
import { UsageError } from '@horde/commands';

@Command({
  name: 'fetch_dynamic_config',
  description: 'read the settings that change while the miner runs from their source, and print them',
})
export class FetchDynamicConfig extends MinerCommand {
  override async run(): Promise<void> {
    const lines = await this.context.use(async (app) => {
      const config = app.get(MinerConfig);
      const refused = await config.fetch();
      const values = config
        .all()
        .map(({ name, value, from }) => `${name}=${JSON.stringify(value)} (${from})`);
      return [...values, ...refused];
    });
    this.context.print(lines.join('\n'));
  }
}

@Command({
  name: 'set_dynamic_config',
  arguments: '<key> <json>',
  argsDescription: { key: 'SERVING, or another', json: 'true, 5 or ["an/image:1"]' },
  description: 'change a setting while the miner runs, whatever its source says',
})
export class SetDynamicConfig extends MinerCommand {
  override async run([name = '', json = '']: string[]): Promise<void> {
    const value = parsed(json);
    await this.context.use((app) => typed(app.get(MinerConfig).set(name, value)));
    this.context.print(`${name} is ${json} from now on, whatever its source says.`);
  }
}

@Command({
  name: 'unset_dynamic_config',
  arguments: '<key>',
  argsDescription: { key: 'SERVING, or another' },
  description: 'give a setting back to its source',
})
export class UnsetDynamicConfig extends MinerCommand {
  override async run([name = '']: string[]): Promise<void> {
    const { value, from } = await this.context.use(async (app) => {
      const config = app.get(MinerConfig);
      await typed(config.unset(name));
      return config.all().find((setting) => setting.name === name)!;
    });
    this.context.print(`${name} is ${JSON.stringify(value)} again (${from}).`);
  }
}

/** What cannot be set was typed wrong. @throws UsageError */
async function typed(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw error instanceof WrongValue ? new UsageError(error.message) : error;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError(`${json} is not JSON: true, 5 or ["an/image:1"].`);
  }
}
