import 'reflect-metadata';
import { expect, it } from 'vitest';
import { serviceCommands } from '../../apps/cli/src/completion/service-commands.ts';
import { facilitatorProgram } from '../../apps/facilitator/src/commands/program.ts';
import { minerProgram } from '../../apps/miner/src/commands/program.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';

it.each(
  [facilitatorProgram, validatorProgram, minerProgram].map(({ name, commands }) => ({ name, commands })),
)('shells complete all commands of the $name, and no others', ({ name, commands }) => {
  // Commands of a command, such as `host add`, are none of their own.
  const names = commands.flatMap((command) => {
    const meta = Reflect.getMetadata('CommandBuilder:Command:Meta', command) as { name: string } | undefined;
    return meta ? [meta.name] : [];
  });
  expect([...serviceCommands[name]!].toSorted()).toEqual(names.toSorted());
});
