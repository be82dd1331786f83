import { Inject, Injectable } from '@nestjs/common';
import { channelsOf, messageOf, type AlertReceivers } from '@horde/alerts';
import { Command } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import { ServiceCommand } from './service-command.ts';

/** The context of a service that tells its operator when something is the matter. */
export interface AlertContext extends CommandContext {
  /** Its name. */
  readonly service: string;
  /** @throws SettingsError */
  settings(): AlertReceivers;
}

@Command({
  name: 'send_test_alert',
  description: 'send a message to ALERT_WEBHOOK_URL and ALERT_MAIL_TO, as when something is the matter',
})
@Injectable()
class SendTestAlert extends ServiceCommand {
  constructor(@Inject(CommandContext) private readonly context: AlertContext) {
    super();
  }

  override async run(): Promise<void> {
    const channels = channelsOf(this.context.settings());
    if (channels.length === 0)
      throw new Error(
        'Nobody is told: neither ALERT_WEBHOOK_URL nor ALERT_MAIL_SERVER and ALERT_MAIL_TO are set.',
      );
    const now = Date.now();
    const condition = {
      name: 'TestAlert',
      severity: 'warning' as const,
      says: 'This is what a message looks like; nothing is the matter.',
      command: 'nothing',
    };
    const { service } = this.context;
    const message = messageOf({ service, condition, status: 'test', since: now, now });
    for (const { name, send } of channels) {
      try {
        await send(message);
        this.context.print(`Told: ${name}.`);
      } catch (error) {
        this.context.exitCode = 1;
        this.context.print(`Not told: ${name}. ${(error as Error).message}`);
      }
    }
  }
}

/** The commands of alerts; their context is an `AlertContext`. */
export const alertCommands = [SendTestAlert];
