import { Command } from 'nest-commander';
import { Announcement } from '../chain/announcement.ts';
import { MinerCommand } from './miner-command.ts';

@Command({
  name: 'announce_address_and_port',
  description: "write the miner's address on the chain now, or say how to",
})
export class AnnounceAddressAndPort extends MinerCommand {
  override async run(): Promise<void> {
    if (this.context.settings().port === 0)
      throw new Error('BITTENSOR_MINER_PORT is 0: only the running miner knows which port it was given.');
    this.context.print(await this.context.useSigning((app) => app.get(Announcement).announce()));
  }
}
