import { backupCommands } from '@horde/backup';
import {
  alertCommands,
  configCommands,
  doctorCommand,
  migrateCommand,
  operatorCommands,
  reachedAt,
  supportBundle,
  takeOverCommands,
  type CommandProgram,
} from '@horde/commands';
import { databaseOptions } from '../migrations/database-options.ts';
import { doctor } from '../doctor/doctor.ts';
import { takeOverFacts } from '../take-over/facts.ts';
import { passedToExecutors } from '../executors/executor-environment.ts';
import { MinerSettings } from '../settings.ts';
import { AnnounceAddressAndPort } from './announce-address-and-port.command.ts';
import { Drain } from './drain.command.ts';
import { Explain } from './explain.command.ts';
import { Host, HostAdd, HostList, HostRemove } from './host.command.ts';
import { LivenessCheck } from './liveness-check.command.ts';
import { MinerContext } from './miner-context.ts';
import {
  ArchiveReceiptPages,
  DebugCreateRandomReceipts,
  EvictOldData,
  PrepareReceipts,
} from './receipt.command.ts';
import { SelfTest } from './self-test.command.ts';
import {
  BlacklistValidator,
  DebugAddValidator,
  FetchValidators,
  UnblacklistValidator,
} from './validator.command.ts';

/** Everything that can be typed after the miner's name, under ComputeHorde's names where it has them. */
export const minerProgram: CommandProgram<MinerContext> = {
  name: 'miner',
  description: 'Without a command: serve validators and executors, as the environment says.',
  commands: [
    SelfTest,
    doctorCommand('miner', doctor),
    LivenessCheck,
    Explain,
    Host,
    HostAdd,
    HostRemove,
    HostList,
    AnnounceAddressAndPort,
    Drain,
    FetchValidators,
    DebugAddValidator,
    BlacklistValidator,
    UnblacklistValidator,
    ...alertCommands,
    ...backupCommands('miner', databaseOptions),
    migrateCommand('miner', databaseOptions),
    ...operatorCommands,
    ...configCommands,
    ...takeOverCommands(takeOverFacts),
    supportBundle((context: MinerContext) => ({
      service: 'miner',
      settings: MinerSettings,
      passedOn: passedToExecutors,
      migrations: databaseOptions('').migrations.map(({ name }) => name),
      url: () => reachedAt(() => context.settings()),
      doctor: (tell) => doctor(context, tell),
    })),
    ArchiveReceiptPages,
    EvictOldData,
    PrepareReceipts,
    DebugCreateRandomReceipts,
  ],
  settings: MinerSettings,
  context: MinerContext,
};
