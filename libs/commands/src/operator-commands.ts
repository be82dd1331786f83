import { text } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import { newPassword, type Operators } from '@horde/panel-server';
import { operatorRoles, type OperatorRole } from '@horde/panel-api';
import { Command, Option } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import { ServiceCommand } from './service-command.ts';
import { UsageError } from './usage-error.ts';

/** The context of a service that has a panel. */
export interface OperatorContext extends CommandContext {
  /** Runs `work` with the accounts of its panel. */
  withOperators<T>(work: (operators: Operators) => Promise<T>): Promise<T>;
}

@Injectable()
abstract class OperatorCommand extends ServiceCommand {
  constructor(@Inject(CommandContext) protected readonly context: OperatorContext) {
    super();
  }
}

/** A command that gives an account a password. */
@Injectable()
abstract class PasswordCommand extends OperatorCommand {
  /** The password, and the words that show it. */
  protected async password({ passwordStdin }: PasswordOptions): Promise<{ password: string; shown: string }> {
    if (passwordStdin) return { password: (await text(process.stdin)).replace(/\r?\n$/, ''), shown: '' };
    const password = newPassword();
    return { password, shown: `\nIts password, which is shown only here: ${password}` };
  }

  @Option({
    flags: '--password-stdin',
    description: 'read the password from standard input (default: a new one)',
  })
  passwordStdin(): boolean {
    return true;
  }
}

interface PasswordOptions {
  passwordStdin?: boolean;
}

@Command({
  name: 'create_admin',
  arguments: '<name>',
  argsDescription: { name: 'of the account' },
  description: 'make an account of the panel, and show its password',
})
class CreateAdmin extends PasswordCommand {
  override async run(
    [name = '']: string[],
    options: PasswordOptions & { role?: OperatorRole },
  ): Promise<void> {
    const { role = 'operate' } = options;
    const { password, shown } = await this.password(options);
    await this.context.withOperators((operators) => operators.create({ name, role, password }, null));
    const what = role === 'operate' ? 'look at everything and change it' : 'look at everything';
    this.context.print(`${name} may log in at /admin/, and ${what}.${shown}`);
  }

  @Option({
    flags: '--role <role>',
    description: 'operate, or read: to look and change nothing (default: operate)',
  })
  role(word: string): OperatorRole {
    return roleOf(word);
  }
}

@Command({
  name: 'change_admin_password',
  arguments: '<name>',
  argsDescription: { name: 'of the account' },
  description: 'give an account of the panel a new password, and end its logins',
})
class ChangeAdminPassword extends PasswordCommand {
  override async run([name = '']: string[], options: PasswordOptions): Promise<void> {
    const { password, shown } = await this.password(options);
    await this.context.withOperators((operators) => operators.setPassword(name, password, null));
    this.context.print(`${name} has a new password.${shown}`);
  }
}

@Command({
  name: 'change_admin_role',
  arguments: '<name> <role>',
  argsDescription: { name: 'of the account', role: 'operate, or read' },
  description: 'say whether an account of the panel may change anything',
})
class ChangeAdminRole extends OperatorCommand {
  override async run([name = '', word = '']: string[]): Promise<void> {
    const role = roleOf(word);
    await this.context.withOperators((operators) => operators.setRole(name, role, null));
    this.context.print(`${name} has the role ${role}.`);
  }
}

@Command({
  name: 'remove_admin',
  arguments: '<name>',
  argsDescription: { name: 'of the account' },
  description: 'remove an account of the panel, and end its logins',
})
class RemoveAdmin extends OperatorCommand {
  override async run([name = '']: string[]): Promise<void> {
    await this.context.withOperators((operators) => operators.remove(name, null));
    this.context.print(`${name} may not log in any more.`);
  }
}

@Command({ name: 'list_admins', description: 'show the accounts of the panel' })
class ListAdmins extends OperatorCommand {
  override async run(): Promise<void> {
    const all = await this.context.withOperators((operators) => operators.all());
    const lines = all.map(
      ({ name, role, createdAt, mustChangePassword }) =>
        `${name}  ${role}  since ${createdAt.toISOString().slice(0, 10)}${mustChangePassword ? '  has to change its password' : ''}`,
    );
    this.context.print(lines.join('\n') || 'There is no account yet: create_admin NAME makes one.');
  }
}

/** The commands of the accounts of a service's panel; its context is an `OperatorContext`. */
export const operatorCommands = [CreateAdmin, ChangeAdminPassword, ChangeAdminRole, RemoveAdmin, ListAdmins];

function roleOf(word: string): OperatorRole {
  const role = operatorRoles.find((one) => one === word);
  if (!role) throw new UsageError(`"${word}" is no role: ${operatorRoles.join(', ')}.`);
  return role;
}
