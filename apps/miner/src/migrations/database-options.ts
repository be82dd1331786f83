import type { DatabaseOptions } from '@horde/database';
import { Job } from '../jobs/job.entity.ts';
import { AddLinkNumbers1795600000030 } from './add-link-numbers.ts';
import { AddReceiptPages1795500000000 } from './add-receipt-pages.ts';
import { AddValidatorBlacklist1795600000001 } from './add-validator-blacklist.ts';
import { CreateDynamicConfig1795600000000 } from './create-dynamic-config.ts';
import { CreateJobs1795000000001 } from './create-jobs.ts';
import { CreateReceipts1795000000002 } from './create-receipts.ts';
import { CreateValidators1795000000000 } from './create-validators.ts';
import { CreateWarmExecutors1795600000020 } from './create-warm-executors.ts';
import { KeepConfigHistory1795600000040 } from './keep-config-history.ts';
import { IndexEnds1795600000050 } from './index-ends.ts';
import { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { Validator } from '../directory/validator.entity.ts';

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
  ],
});
