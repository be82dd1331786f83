import type { DatabaseOptions } from '@horde/database';
import { CreateAlerts1798000006000 } from './migrations/create-alerts.ts';
import { CountRequests1796000040003 } from './migrations/count-requests.ts';
import { CreateAccess1795000000000 } from './migrations/create-access.ts';
import { AddHotkeyLogins1798000005000 } from './migrations/add-hotkey-logins.ts';
import { AllowCancelling1796000010001 } from './migrations/allow-cancelling.ts';
import { CreateCheatReports1796000010002 } from './migrations/create-cheat-reports.ts';
import { CreateDynamicConfig1796000060004 } from './migrations/create-dynamic-config.ts';
import { CreateFeedback1796000060000 } from './migrations/create-feedback.ts';
import { CreateJobEvents1796000030000 } from './migrations/create-job-events.ts';
import { CreateJobs1795000000002 } from './migrations/create-jobs.ts';
import { CreateMachines1796000060002 } from './migrations/create-machines.ts';
import { CreateMiners1796000060001 } from './migrations/create-miners.ts';
import { CreatePanel1796000080000 } from './migrations/create-panel.ts';
import { CreateReceipts1796000060003 } from './migrations/create-receipts.ts';
import { CreateValidators1795000000001 } from './migrations/create-validators.ts';
import { KeepIdempotencyKeys1796000040001 } from './migrations/keep-idempotency-keys.ts';
import { KeepOutput1796000020003 } from './migrations/keep-output.ts';
import { KeepSpentRequests1796000040000 } from './migrations/keep-spent-requests.ts';
import { IndexCheatReports1799000002215 } from './migrations/index-cheat-reports.ts';
import { IndexFeedback1798000004001 } from './migrations/index-feedback.ts';
import { IndexLists1796000050000 } from './migrations/index-lists.ts';
import { IndexPanelLists1799000030128 } from './migrations/index-panel-lists.ts';
import { KeepQuestions1796000050001 } from './migrations/keep-questions.ts';
import { NoteAbsence1795000000004 } from './migrations/note-absence.ts';
import { NoteDeadlines1796000010003 } from './migrations/note-deadlines.ts';
import { NoteExtensions1796000010000 } from './migrations/note-extensions.ts';
import { NoteQuotas1796000040002 } from './migrations/note-quotas.ts';
import { OrderOutput1796000030001 } from './migrations/order-output.ts';
import { StoreResultsOnce1795000000003 } from './migrations/store-results-once.ts';
import { VacuumJobs1796000010100 } from './migrations/vacuum-jobs.ts';
import { TraceJobs1798000007000 } from './migrations/trace-jobs.ts';
import { CreateAcme1798000005010 } from './migrations/create-acme.ts';

/** The facilitator's tables and how they came to be. They are read and written in SQL: no entities. */
export const databaseOptions = (url: string): DatabaseOptions => ({
  service: 'facilitator',
  url,
  entities: [],
  migrations: [
    CreateAccess1795000000000,
    CreateValidators1795000000001,
    CreateJobs1795000000002,
    CreateJobEvents1796000030000,
    StoreResultsOnce1795000000003,
    NoteAbsence1795000000004,
    NoteExtensions1796000010000,
    AllowCancelling1796000010001,
    CreateCheatReports1796000010002,
    NoteDeadlines1796000010003,
    CreateFeedback1796000060000,
    KeepSpentRequests1796000040000,
    CreateMiners1796000060001,
    CreateMachines1796000060002,
    IndexLists1796000050000,
    KeepIdempotencyKeys1796000040001,
    NoteQuotas1796000040002,
    CreateReceipts1796000060003,
    KeepQuestions1796000050001,
    CreateDynamicConfig1796000060004,
    CreateAlerts1798000006000,
    KeepOutput1796000020003,
    OrderOutput1796000030001,
    CountRequests1796000040003,
    CreatePanel1796000080000,
    VacuumJobs1796000010100,
    AddHotkeyLogins1798000005000,
    TraceJobs1798000007000,
    CreateAcme1798000005010,
    IndexFeedback1798000004001,
    IndexCheatReports1799000002215,
    IndexPanelLists1799000030128,
  ],
});
