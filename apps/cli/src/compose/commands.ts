import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { makeSecrets } from './secrets.ts';

/** What docker-compose.yml runs in containers of this program's image. */
export function addComposeCommands(program: HordeCommand): void {
  program
    .command('compose-secrets', { hidden: true })
    .description(
      'make the secrets of the network of docker-compose.yml, in a folder of its own for each service',
    )
    .argument('<folder>', 'what is there already stays as it is')
    .examples('horde compose-secrets /secrets')
    .action((folder: string) =>
      finish(async () => {
        await makeSecrets(folder);
        return 0;
      }, null),
    );
}
