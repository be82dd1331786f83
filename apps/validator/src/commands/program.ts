import { configCommands, type CommandProgram } from '@horde/commands';
import { ValidatorSettings } from '../settings.ts';
import { TransferReceipts } from './transfer-receipts.command.ts';
import { BlacklistMiner, ListBlacklist, UnblacklistMiner } from './blacklist.command.ts';
import { CancelJob } from './cancel-job.command.ts';
import { Explain } from './explain.command.ts';
import { DebugRunOrganicJob } from './run-organic-job.command.ts';
import { EvictOldData, ScanArchiveBlocks, ScanBlocks, SyncManifests } from './run-once.command.ts';
import { ValidatorContext } from './validator-context.ts';
import { CalculateAllowancePaidJobScores, DebugSetScores, ExplainWeights } from './weights.command.ts';
import { WhitelistHotkey } from './whitelist-hotkey.command.ts';

/** Everything that can be typed after the validator's name, under ComputeHorde's names where it has them. */
export const validatorProgram: CommandProgram<ValidatorContext> = {
  name: 'validator',
  description: 'Without a command: take jobs from the facilitator and drive them, as the environment says.',
  commands: [
    WhitelistHotkey,
    TransferReceipts,
    BlacklistMiner,
    UnblacklistMiner,
    ListBlacklist,
    Explain,
    CancelJob,
    DebugRunOrganicJob,
    SyncManifests,
    ScanBlocks,
    ScanArchiveBlocks,
    EvictOldData,
    DebugSetScores,
    CalculateAllowancePaidJobScores,
    ExplainWeights,
    ...configCommands,
  ],
  settings: ValidatorSettings,
  context: ValidatorContext,
};
