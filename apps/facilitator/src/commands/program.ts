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
  context: FacilitatorContext,
  settings: FacilitatorSettings,
};
