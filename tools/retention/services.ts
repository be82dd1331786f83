/** What each service keeps: docs/retention.md is made of this, and a spec compares it with the tables that there are. */
import { load, type Kept } from '@horde/database';
import { variablesOf } from '@horde/settings';
import { databaseOptions as facilitatorDatabase } from '../../apps/facilitator/src/database.ts';
import { facilitatorTables } from '../../apps/facilitator/src/retention/kept-tables.ts';
import { FacilitatorSettings } from '../../apps/facilitator/src/settings.ts';
import { databaseOptions as minerDatabase } from '../../apps/miner/src/migrations/database-options.ts';
import { minerFolders, minerTables } from '../../apps/miner/src/retention/kept-tables.ts';
import { MinerSettings } from '../../apps/miner/src/settings.ts';
import { databaseOptions as validatorDatabase } from '../../apps/validator/src/database.ts';
import { validatorTables } from '../../apps/validator/src/retention/kept-tables.ts';
import { ValidatorSettings } from '../../apps/validator/src/settings.ts';
import { commonFolders, commonTables, queueTables } from './common-tables.ts';

export { commonFolders, commonTables, load, queueTables };

interface KeepingService {
  service: string;
  tables: Record<string, Kept>;
  folders: Record<string, Kept>;
  /** The variables that may be named beside JOB_FOLDER, which is the executor's. */
  variables: string[];
  databaseOptions: typeof minerDatabase;
}

export const services: KeepingService[] = [
  {
    service: 'facilitator',
    tables: facilitatorTables,
    folders: {},
    variables: variablesOf(FacilitatorSettings),
    databaseOptions: facilitatorDatabase,
  },
  {
    service: 'validator',
    tables: validatorTables,
    folders: {},
    variables: variablesOf(ValidatorSettings),
    databaseOptions: validatorDatabase,
  },
  {
    service: 'miner',
    tables: minerTables,
    folders: minerFolders,
    variables: [...variablesOf(MinerSettings), 'JOB_FOLDER'],
    databaseOptions: minerDatabase,
  },
];
