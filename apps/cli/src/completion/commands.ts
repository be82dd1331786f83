import { Argument } from 'commander';
import { ExecutorClass } from '@horde/protocol';
import { rememberedJobs } from '../jobs/last-list.ts';
import { localProfile, readConfig, type Profile } from '../profiles/config-file.ts';
import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { print } from '../program/print.ts';
import { candidates, type Values } from './candidates.ts';
import { runValues } from './service-commands.ts';
import { scripts, type Shell } from './scripts.ts';

export function addCompletionCommands(program: HordeCommand): void {
  program
    .command('completion')
    .description('print what makes a shell complete the words of this command')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .examples(
      'horde completion bash >>~/.bashrc',
      'horde completion zsh >>~/.zshrc',
      'horde completion fish >~/.config/fish/completions/horde.fish',
    )
    .action((shell: Shell) =>
      finish(() => {
        process.stdout.write(scripts[shell]);
        return Promise.resolve(0);
      }, null),
    );

  program
    .command('complete', { hidden: true })
    .description('print the words that can follow, one a line: what shells ask')
    .argument('[words...]', 'those that are typed, behind "--"; the last one is begun only')
    .examples('horde complete -- jobs li')
    .action((words: string[]) => finish(() => complete(program, words), null));
}

async function complete(program: HordeCommand, words: string[]): Promise<number> {
  const [{ profiles }, jobs] = await Promise.all([
    readConfig().catch(() => ({ profiles: new Map<string, Profile>() })),
    rememberedJobs(),
  ]);
  const names = [...profiles.keys(), localProfile];
  const validators = [...profiles.values()].flatMap(({ validator }) => validator ?? []);
  const values: Values = {
    '--class': ExecutorClass,
    '--profile': names,
    '--validator': [...new Set(validators)],
    profile: names,
    job: jobs,
    ...runValues(words),
  };
  candidates(program, words, values).forEach(print);
  return 0;
}
