import { addComposeCommands } from '../compose/commands.ts';
import { addCompletionCommands } from '../completion/commands.ts';
import { addClassesCommand } from '../classes/commands.ts';
import { addJobCommands } from '../jobs/commands.ts';
import { addKeyCommands } from '../keys/commands.ts';
import { addLoginCommand } from '../login/commands.ts';
import { addNetworkCommands } from '../network-commands.ts';
import { addProbeCommand } from '../probe/commands.ts';
import { addProfileCommands } from '../profiles/commands.ts';
import { describeRepositoryCommands } from '../repository-commands.ts';
import { addPanelCommands } from '../panel/commands.ts';
import { root } from '../paths.ts';
import { addValidatorCommands } from '../validators/commands.ts';
import { HordeCommand } from './horde-command.ts';
import { print } from './print.ts';
import { versionText } from './version.ts';
import { self } from './self.ts';

/** All commands. @param inCheckout whether it is the `./horde` of a checkout: the same program, and more */
export function hordeProgram(inCheckout: boolean): HordeCommand {
  const program = new HordeCommand(self)
    .description('Run container jobs on other machines.')
    // Descriptions are wrapped in a terminal of 80 columns, too.
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({ outputError: (text, write) => write(text) })
    // Before the commands are added: they take it over.
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .enablePositionalOptions()
    .option('--version', `print the version${inCheckout ? ', and the commit of this checkout' : ''}`)
    .on('option:version', () => {
      print(versionText(inCheckout ? root : null));
      process.exit();
    });
  program.commandsGroup('Jobs on other machines:');
  addJobCommands(program);
  addClassesCommand(program);
  addValidatorCommands(program);
  addLoginCommand(program);
  addProfileCommands(program);
  addProbeCommand(program);
  addKeyCommands(program);
  addPanelCommands(program);
  addCompletionCommands(program);
  addComposeCommands(program);
  if (inCheckout) {
    addNetworkCommands(program);
    describeRepositoryCommands(program);
  }
  return program;
}
