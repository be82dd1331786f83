import { backupCommands } from '@horde/backup';
import {
  configCommands,
  doctorCommand,
  migrateCommand,
  operatorCommands,
  reachedAt,
  supportBundle,
  type CommandProgram,
  alertCommands,
} from '@horde/commands';
import { loadSettings } from '@horde/settings';
import { databaseOptions } from '../database.ts';
import { doctor } from '../doctor/doctor.ts';
import { EvictOldData } from './evict-old-data.command.ts';
import { FetchMinerVersions } from './fetch-miner-versions.command.ts';
import { FetchReceipts } from './fetch-receipts.command.ts';
import { Explain } from './explain.command.ts';
import { FacilitatorContext } from './facilitator-context.ts';
import { ListHardware, ProcessRawSpecs } from './machines.command.ts';
import { FacilitatorSettings } from '../settings.ts';
import { DebugAddValidator, SyncMetagraph } from './validators.command.ts';
import { ListWhitelist, UnwhitelistHotkey, WhitelistHotkey } from './whitelist.command.ts';

/** Everything that can be typed after the facilitator's name, under ComputeHorde's names. */
export const facilitatorProgram: CommandProgram<FacilitatorContext> = {
  name: 'facilitator',
  description: "Without a command: take users' jobs and pass them to validators, as the environment says.",
  commands: [
    WhitelistHotkey,
    UnwhitelistHotkey,
    ListWhitelist,
    DebugAddValidator,
    SyncMetagraph,
    FetchMinerVersions,
    ProcessRawSpecs,
    ListHardware,
    FetchReceipts,
    EvictOldData,
    Explain,
    ...operatorCommands,
    ...alertCommands,
    ...backupCommands('facilitator', databaseOptions),
    migrateCommand('facilitator', databaseOptions),
    ...configCommands,
    doctorCommand('facilitator', doctor),
    supportBundle((context: FacilitatorContext) => ({
      service: 'facilitator',
      settings: FacilitatorSettings,
      migrations: databaseOptions('').migrations.map(({ name }) => name),
      url: () => reachedAt(() => loadSettings(FacilitatorSettings, context.environment).settings),
      doctor: (tell) => doctor(context, tell),
    })),
  ],
  absent: {
    fetch_compute_subnet_hardware: 'statistics of another subnet are not kept',
  },
  context: FacilitatorContext,
  settings: FacilitatorSettings,
};
