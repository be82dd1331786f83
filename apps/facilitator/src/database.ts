import type { DatabaseOptions } from '@horde/database';
import { CreateAccess1795000000000 } from './migrations/create-access.ts';
import { CreateJobs1795000000002 } from './migrations/create-jobs.ts';
import { CreateValidators1795000000001 } from './migrations/create-validators.ts';
import { NoteAbsence1795000000004 } from './migrations/note-absence.ts';
import { StoreResultsOnce1795000000003 } from './migrations/store-results-once.ts';

/** The facilitator's tables and how they came to be. They are read and written in SQL: no entities. */
export const databaseOptions = (url: string): DatabaseOptions => ({
  service: 'facilitator',
  url,
  entities: [],
  migrations: [
    CreateAccess1795000000000,
    CreateValidators1795000000001,
    CreateJobs1795000000002,
    StoreResultsOnce1795000000003,
    NoteAbsence1795000000004,
  ],
});
