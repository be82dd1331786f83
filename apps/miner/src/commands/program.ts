import { configCommands, type CommandProgram } from '@horde/commands';
import { MinerSettings } from '../settings.ts';
import { AnnounceAddressAndPort } from './announce-address-and-port.command.ts';
import { Doctor } from './doctor.command.ts';
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
    Doctor,
    LivenessCheck,
    AnnounceAddressAndPort,
    FetchValidators,
    DebugAddValidator,
    BlacklistValidator,
    UnblacklistValidator,
    ...configCommands,
    ArchiveReceiptPages,
    EvictOldData,
    PrepareReceipts,
    DebugCreateRandomReceipts,
  ],
  settings: MinerSettings,
  context: MinerContext,
};
