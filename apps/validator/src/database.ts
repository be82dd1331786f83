import type { DatabaseOptions } from '@horde/database';
import { CreateAlerts1798000006001 } from './migrations/create-alerts.ts';
import { allowanceEntities } from './allowance/parts.ts';
import { SystemEvent } from './events/system-event.entity.ts';
import { BlacklistedMiner } from './blacklist/blacklisted-miner.entity.ts';
import { Slashing } from './cheats/slashing.entity.ts';
import { CheatReport } from './facilitator/cheat-report.entity.ts';
import { Attempt } from './jobs/attempt.entity.ts';
import { MinerIncident } from './incidents/miner-incident.entity.ts';
import { Job } from './jobs/job.entity.ts';
import { JobEvent } from './jobs/job-event.entity.ts';
import { BookAttempts1795000000055 } from './migrations/book-attempts.ts';
import { CountEndedJobs1795000000070 } from './migrations/count-ended-jobs.ts';
import { CreateAllowance1795000000020 } from './migrations/create-allowance.ts';
import { CreateBookings1795000000021 } from './migrations/create-bookings.ts';
import { CreateWeights1795000000030 } from './migrations/create-weights.ts';
import { ActOnCheatReports1795000000053 } from './migrations/act-on-cheat-reports.ts';
import { CreateBlacklist1795000000051 } from './migrations/create-blacklist.ts';
import { CreateDynamicConfig1795000000006 } from './migrations/create-dynamic-config.ts';
import { CancelJobs1795000000042 } from './migrations/cancel-jobs.ts';
import { CreateAttempts1795000000040 } from './migrations/create-attempts.ts';
import { CreateJobs1795000000000 } from './migrations/create-jobs.ts';
import { CreateMinerIncidents1795000000050 } from './migrations/create-miner-incidents.ts';
import { CreateMiners1795000000002 } from './migrations/create-miners.ts';
import { CreateTakenOver1799100001172 } from './migrations/create-taken-over.ts';
import { CreateReceipts1795000000001 } from './migrations/create-receipts.ts';
import { CreateReceiptTransfer1795000000011 } from './migrations/create-receipt-transfer.ts';
import { AddHotkeyLogins1798000005001 } from './migrations/add-hotkey-logins.ts';
import { CreatePanel1798000001000 } from './migrations/create-panel.ts';
import { CreateSystemEvents1795000000007 } from './migrations/create-system-events.ts';
import { CreateRoutingDecisions1795000000052 } from './migrations/create-routing-decisions.ts';
import { CreateToldManifests1795000000054 } from './migrations/create-told-manifests.ts';
import { RenameToldManifests1795000000056 } from './migrations/rename-told-manifests.ts';
import { CreateWhitelistAndCheatReports1795000000003 } from './migrations/create-whitelist-and-cheat-reports.ts';
import { IndexClaimsAndEnds1795000000005 } from './migrations/index-claims-and-ends.ts';
import { KeepConfigHistory1795000000062 } from './migrations/keep-config-history.ts';
import { IndexBookingsOfMiners1799000022510 } from './migrations/index-bookings-of-miners.ts';
import { IndexEarnings1799000030129 } from './migrations/index-earnings.ts';
import { IndexLists1799000030111 } from './migrations/index-lists.ts';
import { IndexPanelLists1798000002001 } from './migrations/index-panel-lists.ts';
import { IndexJobsForPanel1798000001001 } from './migrations/index-jobs-for-panel.ts';
import { IndexTurns1795000000064 } from './migrations/index-turns.ts';
import { KeepReceiptsOfAllValidators1795000000010 } from './migrations/keep-receipts-of-all-validators.ts';
import { KnowValidators1795000000013 } from './migrations/know-validators.ts';
import { NoteStakesOfValidators1795000000012 } from './migrations/note-stakes-of-validators.ts';
import { NumberMessages1795000000004 } from './migrations/number-messages.ts';
import { ReceiptPage } from './receipts/transfer/receipt-page.entity.ts';
import { KnownValidator } from './receipts/transfer/known-validator.entity.ts';
import { StoredReceipt } from './receipts/stored-receipt.entity.ts';
import { Miner } from './routing/miner.entity.ts';
import { MinerManifest } from './routing/miner-manifest.entity.ts';
import { CycleWeightsRow } from './weights/cycle-weights.entity.ts';
import { MainHotkeyRow } from './weights/main-hotkey.entity.ts';
import { RoutingDecision } from './routing/routing-decision.entity.ts';
import { QueueWaitingJobs1795000000041 } from './migrations/queue-waiting-jobs.ts';
import { TellFacilitatorsApart1795000000043 } from './migrations/tell-facilitators-apart.ts';
import { TellMachines1795000000061 } from './migrations/tell-machines.ts';
import { KeepEarnings1799000002238 } from './migrations/keep-earnings.ts';
import { KeepFrames1798000008001 } from './migrations/keep-frames.ts';
import { KeepOutput1796000020002 } from './migrations/keep-output.ts';
import { OrderOutput1796000030002 } from './migrations/order-output.ts';
import { WhitelistedHotkey } from './whitelist/whitelisted-hotkey.entity.ts';
import { ReachShieldedMiners1799100003001 } from './migrations/reach-shielded-miners.ts';
import { TraceJobs1798000007001 } from './migrations/trace-jobs.ts';
import { CreateAcme1798000005011 } from './migrations/create-acme.ts';

/** The validator's tables and how they came to be. */
export const databaseOptions = (url: string): DatabaseOptions => ({
  service: 'validator',
  url,
  entities: [
    Job,
    JobEvent,
    Attempt,
    StoredReceipt,
    ReceiptPage,
    KnownValidator,
    Miner,
    MinerManifest,
    WhitelistedHotkey,
    CheatReport,
    SystemEvent,
    ...allowanceEntities,
    CycleWeightsRow,
    MainHotkeyRow,
    BlacklistedMiner,
    MinerIncident,
    RoutingDecision,
    Slashing,
  ],
  migrations: [
    CreateJobs1795000000000,
    CreateReceipts1795000000001,
    CreateMiners1795000000002,
    CreateWhitelistAndCheatReports1795000000003,
    NumberMessages1795000000004,
    IndexClaimsAndEnds1795000000005,
    CreateDynamicConfig1795000000006,
    CreateSystemEvents1795000000007,
    KeepReceiptsOfAllValidators1795000000010,
    CreateReceiptTransfer1795000000011,
    NoteStakesOfValidators1795000000012,
    KnowValidators1795000000013,
    CreateAllowance1795000000020,
    CreateBookings1795000000021,
    CreateWeights1795000000030,
    CreateAttempts1795000000040,
    CreateMinerIncidents1795000000050,
    CreateBlacklist1795000000051,
    CreateRoutingDecisions1795000000052,
    ActOnCheatReports1795000000053,
    CreateToldManifests1795000000054,
    BookAttempts1795000000055,
    RenameToldManifests1795000000056,
    QueueWaitingJobs1795000000041,
    CancelJobs1795000000042,
    TellFacilitatorsApart1795000000043,
    TellMachines1795000000061,
    KeepConfigHistory1795000000062,
    IndexTurns1795000000064,
    CountEndedJobs1795000000070,
    CreateAlerts1798000006001,
    KeepOutput1796000020002,
    OrderOutput1796000030002,
    CreatePanel1798000001000,
    IndexPanelLists1798000002001,
    AddHotkeyLogins1798000005001,
    TraceJobs1798000007001,
    CreateAcme1798000005011,
    KeepFrames1798000008001,
    IndexJobsForPanel1798000001001,
    KeepEarnings1799000002238,
    IndexBookingsOfMiners1799000022510,
    IndexLists1799000030111,
    IndexEarnings1799000030129,
    CreateTakenOver1799100001172,
    ReachShieldedMiners1799100003001,
  ],
});
