import { Inject, Injectable } from '@nestjs/common';
import type { ConfigChange, DynamicConfig, Keys } from '@horde/dynamic-config';
import { HordeError } from '@horde/protocol';
import { Command } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import { ServiceCommand } from './service-command.ts';
import { UsageError } from './usage-error.ts';

/** The context of a service that has settings which change while it runs. */
export interface ConfigContext extends CommandContext {
  /** Runs `work` with them, as they are stored. */
  withConfig<T>(work: (config: DynamicConfig<Keys>) => Promise<T>): Promise<T>;
}

@Injectable()
abstract class ConfigCommand extends ServiceCommand {
  constructor(@Inject(CommandContext) protected readonly context: ConfigContext) {
    super();
  }
}

@Command({
  name: 'fetch_dynamic_config',
  description: 'read the settings that change while the service runs from their source, and print them',
})
class FetchDynamicConfig extends ConfigCommand {
  override async run(): Promise<void> {
    const lines = await this.context.withConfig(async (config) => {
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
  argsDescription: { key: 'SERVING, or another', json: 'true, 5, "a text" or ["an/image:1"]' },
  description: 'change a setting while the service runs, whatever its source says',
})
class SetDynamicConfig extends ConfigCommand {
  override async run([name = '', json = '']: string[]): Promise<void> {
    const value = parsed(json);
    await this.context.withConfig((config) => typed(config.set(name, value)));
    this.context.print(`${name} is ${json} from now on, whatever its source says.`);
  }
}

@Command({
  name: 'unset_dynamic_config',
  arguments: '<key>',
  argsDescription: { key: 'SERVING, or another' },
  description: 'give a setting back to its source',
})
class UnsetDynamicConfig extends ConfigCommand {
  override async run([name = '']: string[]): Promise<void> {
    const { value, from } = await this.context.withConfig(async (config) => {
      await typed(config.unset(name));
      return config.all().find((setting) => setting.name === name)!;
    });
    this.context.print(`${name} is ${JSON.stringify(value)} again (${from}).`);
  }
}

/** How many changes are shown. */
const shownChanges = 100;

@Command({
  name: 'dynamic_config_history',
  arguments: '[key]',
  argsDescription: { key: 'SERVING, or another (default: all of them)' },
  description: 'show who has changed the settings that change while the service runs, newest first',
})
class DynamicConfigHistory extends ConfigCommand {
  override async run([name]: string[]): Promise<void> {
    const changes = await this.context.withConfig((config) =>
      typed(config.history(name ?? null, shownChanges)),
    );
    this.context.print(changes.length > 0 ? changes.map(lineOf).join('\n') : 'Nothing has been changed.');
  }
}

const lineOf = ({ at, name, old, new: now, from, by }: ConfigChange): string =>
  `${at.toISOString()}  ${name}: ${said(old)} -> ${said(now)}  (${by === null ? from : `${from} ${by}`})`;

/** What was said of a key; of documents there may be more for later. */
const said = (items: ConfigChange['old']): string =>
  items
    ?.map(
      ({ value, effectiveFrom }) => JSON.stringify(value) + (effectiveFrom ? ` from ${effectiveFrom}` : ''),
    )
    .join(', ') ?? 'nothing';

/** The commands of settings that change while a service runs; its context is a `ConfigContext`. */
export const configCommands = [
  FetchDynamicConfig,
  SetDynamicConfig,
  UnsetDynamicConfig,
  DynamicConfigHistory,
];

/** What cannot be set was typed wrong. @throws UsageError */
async function typed<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof HordeError ? new UsageError(error.message) : error;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError(`${json} is not JSON: true, 5, "a text" or ["an/image:1"].`);
  }
}
