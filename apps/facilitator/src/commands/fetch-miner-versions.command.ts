import { ServiceCommand } from '@horde/commands';
import { Command } from 'nest-commander';
import { MinerVersions } from '../miners/miner-versions.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'fetch_miner_versions',
  description: 'ask the miners that are known from the chain for their versions now',
})
export class FetchMinerVersions extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const { miners, answered, changed } = await this.context.use((app) => app.get(MinerVersions).fetch());
    this.context.print(`Miners: ${miners}. Told a version: ${answered}. Changed: ${changed}.`);
  }
}
