import { backupCommands } from '@horde/backup';
import {
  configCommands,
  doctorCommand,
  migrateCommand,
  operatorCommands,
  reachedAt,
  supportBundle,
  takeOverCommands,
  type CommandProgram,
  alertCommands,
} from '@horde/commands';
import { databaseOptions } from '../database.ts';
import { doctor } from '../doctor/doctor.ts';
import { takeOverFacts } from '../take-over/facts.ts';
import { ValidatorSettings } from '../settings.ts';
import { TransferReceipts } from './transfer-receipts.command.ts';
import { BlacklistMiner, ListBlacklist, UnblacklistMiner } from './blacklist.command.ts';
import { CancelJob } from './cancel-job.command.ts';
import { Explain } from './explain.command.ts';
import { DebugConnectFacilitator } from './connect-facilitator.command.ts';
import { DebugRunOrganicJob } from './run-organic-job.command.ts';
import { EvictOldData, ScanArchiveBlocks, ScanBlocks, SyncManifests } from './run-once.command.ts';
import { DebugRunMockStreamingJob } from './run-streaming-job.command.ts';
import { SyncCollaterals } from './sync-collaterals.command.ts';
import { ValidatorContext } from './validator-context.ts';
import { CalculateAllowancePaidJobScores, DebugSetScores, ExplainWeights } from './weights.command.ts';
import { WhitelistHotkey } from './whitelist-hotkey.command.ts';

const noSyntheticJobs =
  'there are no synthetic jobs any more; `debug_run_organic_job` runs one job, and `self_test` of a miner tests that miner';

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
    DebugRunMockStreamingJob,
    DebugConnectFacilitator,
    SyncManifests,
    SyncCollaterals,
    ScanBlocks,
    ScanArchiveBlocks,
    EvictOldData,
    DebugSetScores,
    CalculateAllowancePaidJobScores,
    ExplainWeights,
    ...operatorCommands,
    ...alertCommands,
    ...backupCommands('validator', databaseOptions),
    migrateCommand('validator', databaseOptions),
    ...configCommands,
    ...takeOverCommands(takeOverFacts),
    doctorCommand('validator', doctor),
    supportBundle((context: ValidatorContext) => ({
      service: 'validator',
      settings: ValidatorSettings,
      migrations: databaseOptions('').migrations.map(({ name }) => name),
      url: () => reachedAt(() => context.settings()),
      doctor: (tell) => doctor(context, tell),
    })),
  ],
  absent: {
    connect_facilitator:
      'the validator connects to its facilitators by itself, while it runs without a command',
    ...Object.fromEntries(
      ['debug_run_synthetic_jobs', 'run_synthetic_jobs', 'debug_run_llm_prompt_task'].map((name) => [
        name,
        noSyntheticJobs,
      ]),
    ),
    check_s3_setup: 'nothing is kept in S3; the prompts that were kept there belonged to synthetic jobs',
  },
  settings: ValidatorSettings,
  context: ValidatorContext,
};
