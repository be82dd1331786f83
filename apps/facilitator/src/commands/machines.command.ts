import { ServiceCommand } from '@horde/commands';
import { Command } from 'nest-commander';
import { Machines, type Hardware } from '../machines/machines.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'process_raw_specs',
  description: 'look again at the descriptions of machines in which nothing was found',
})
export class ProcessRawSpecs extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const { parsed, left } = await this.context.use((app) => app.get(Machines).parseAgain());
    this.context.print(`Descriptions read: ${parsed}. Left in which there is nothing of use: ${left}.`);
  }
}

@Command({ name: 'list_hardware', description: 'show which machine each miner was seen with last' })
export class ListHardware extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const rows = await this.context.use((app) => app.get(Machines).hardware());
    this.context.print(
      rows.length > 0 ? rows.map(lineOf).join('\n') : 'No validator has described a machine yet.',
    );
  }
}

function lineOf(row: Hardware): string {
  const gpu =
    row.gpu_model === null
      ? 'no GPU'
      : `${row.gpu_count} x ${row.gpu_model}${row.vram === null ? '' : `, ${row.vram} MiB each`}`;
  const of = (value: number | null, unit: string) => (value === null ? '' : `, ${value} GiB ${unit}`);
  const cpu = `${row.cpu_count ?? '?'} x ${row.cpu_model ?? 'unknown CPU'}`;
  const machine = `${gpu}; ${cpu}${of(row.total_ram, 'RAM')}${of(row.total_hdd, 'disk')}`;
  return `${row.miner_hotkey}  ${row.measured_at.toISOString()}  ${machine}`;
}
