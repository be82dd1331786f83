import type { DatabaseOptions } from '@horde/database';
import { CreateAlerts1798000006002 } from './create-alerts.ts';
import { Job } from '../jobs/job.entity.ts';
import { AddLinkNumbers1795600000030 } from './add-link-numbers.ts';
import { AddReceiptPages1795500000000 } from './add-receipt-pages.ts';
import { AddValidatorBlacklist1795600000001 } from './add-validator-blacklist.ts';
import { CreateDynamicConfig1795600000000 } from './create-dynamic-config.ts';
import { CreateJobs1795000000001 } from './create-jobs.ts';
import { AddHotkeyLogins1798000005002 } from './add-hotkey-logins.ts';
import { CreatePanel1798000003000 } from './create-panel.ts';
import { CreateTakenOver1799100001171 } from './create-taken-over.ts';
import { CreateReceipts1795000000002 } from './create-receipts.ts';
import { CreateValidators1795000000000 } from './create-validators.ts';
import { CreateWarmExecutors1795600000020 } from './create-warm-executors.ts';
import { KeepConfigHistory1795600000040 } from './keep-config-history.ts';
import { IndexEnds1795600000050 } from './index-ends.ts';
import { KeepFrames1798000008002 } from './keep-frames.ts';
import { KeepOutput1796000020001 } from './keep-output.ts';
import { IndexLists1798000003001 } from './index-lists.ts';
import { KeepCheckRuns1798000003002 } from './keep-check-runs.ts';
import { NoteEarnings1799100001401 } from './note-earnings.ts';
import { NoteInactivity1799000022150 } from './note-inactivity.ts';
import { OrderOutput1796000030003 } from './order-output.ts';
import { ShowAcceptedJobs1799100002061 } from './show-accepted-jobs.ts';
import { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { Validator } from '../directory/validator.entity.ts';
import { TraceJobs1798000007002 } from './trace-jobs.ts';
import { CreateAcme1798000005012 } from './create-acme.ts';

/** The miner's tables and how they came to be. */
export const databaseOptions = (url: string): DatabaseOptions => ({
  service: 'miner',
  url,
  entities: [Validator, Job, StoredReceipt],
  migrations: [
    CreateValidators1795000000000,
    CreateJobs1795000000001,
    CreateReceipts1795000000002,
    AddReceiptPages1795500000000,
    CreateDynamicConfig1795600000000,
    AddValidatorBlacklist1795600000001,
    AddLinkNumbers1795600000030,
    CreateWarmExecutors1795600000020,
    KeepConfigHistory1795600000040,
    IndexEnds1795600000050,
    CreateAlerts1798000006002,
    KeepOutput1796000020001,
    OrderOutput1796000030003,
    TraceJobs1798000007002,
    CreateAcme1798000005012,
    KeepFrames1798000008002,
    CreatePanel1798000003000,
    AddHotkeyLogins1798000005002,
    IndexLists1798000003001,
    KeepCheckRuns1798000003002,
    NoteInactivity1799000022150,
    CreateTakenOver1799100001171,
    NoteEarnings1799100001401,
    ShowAcceptedJobs1799100002061,
  ],
});
