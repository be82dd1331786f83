import { executorClasses } from '@horde/protocol';
import type { HordeCommand } from '../program/horde-command.ts';
import { finish } from '../program/finish.ts';
import { print } from '../program/print.ts';
import { table } from '../terminal/table.ts';
import { self } from '../program/self.ts';

export function addClassesCommand(program: HordeCommand): void {
  program
    .command('classes')
    .description(`the executor classes: what machines offer, for --class of "${self} jobs run"`)
    .option('--json', 'print one line of JSON')
    .examples('horde classes')
    .action(({ json = false }: { json?: boolean }) => finish(() => Promise.resolve(list(json))));
}

function list(json: boolean): number {
  const classes = Object.entries(executorClasses).map(([name, { hasGpu, spinUpTime, description }]) => ({
    name,
    gpu: hasGpu,
    spin_up_seconds: spinUpTime,
    description,
  }));
  if (json) print(JSON.stringify(classes));
  else {
    const rows = classes.map(({ name, spin_up_seconds: seconds, description }) => [
      name,
      `${seconds} s`,
      description,
    ]);
    table([['CLASS', 'STARTS WITHIN', 'WHAT IT IS'], ...rows]).forEach(print);
  }
  return 0;
}
