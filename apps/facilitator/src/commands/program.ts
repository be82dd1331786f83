import type { CommandProgram } from '@horde/commands';
import { EvictOldData } from './evict-old-data.command.ts';
import { FacilitatorContext } from './facilitator-context.ts';
import { FacilitatorSettings } from '../settings.ts';
import { DebugAddValidator, SyncMetagraph } from './validators.command.ts';
import { WhitelistHotkey } from './whitelist-hotkey.command.ts';

/** Everything that can be typed after the facilitator's name, under ComputeHorde's names. */
export const facilitatorProgram: CommandProgram<FacilitatorContext> = {
  name: 'facilitator',
  description: "Without a command: take users' jobs and pass them to validators, as the environment says.",
  commands: [WhitelistHotkey, DebugAddValidator, SyncMetagraph, EvictOldData],
  absent: {
    fetch_compute_subnet_hardware: 'statistics of another subnet are not kept',
    fetch_miner_versions: 'versions of miners are not kept; each tells its own at /version',
    fetch_receipts: "ComputeHorde's facilitator does not use the receipts either",
    process_raw_specs: 'descriptions of machines are logged and not stored yet',
  },
  context: FacilitatorContext,
  settings: FacilitatorSettings,
};
