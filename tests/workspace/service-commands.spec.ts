import 'reflect-metadata';
import { expect, it } from 'vitest';
import { serviceCommands } from '../../apps/cli/src/completion/service-commands.ts';
import { facilitatorProgram } from '../../apps/facilitator/src/commands/program.ts';
import { minerProgram } from '../../apps/miner/src/commands/program.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';

it.each(
  [facilitatorProgram, validatorProgram, minerProgram].map(({ name, commands }) => ({ name, commands })),
)('shells complete all commands of the $name, and no others', ({ name, commands }) => {
  const names = commands.map(
    (command) => (Reflect.getMetadata('CommandBuilder:Command:Meta', command) as { name: string }).name,
  );
  expect([...serviceCommands[name]!].toSorted()).toEqual(names.toSorted());
});
