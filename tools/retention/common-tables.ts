import { load, measured, reckoned, type Kept } from '@horde/database';
import { keptConfigChanges } from '@horde/dynamic-config';
import { keptChanges } from '@horde/panel-server';

const byHand = 'whoever made it, by command or panel';

/** The tables that libraries make, wherever a service has them. */
export const commonTables: Record<string, Kept> = {
  migrations: {
    holds: 'a change of the tables that was made',
    kept: 'always: releases make a few each',
    setting: null,
    removedBy: 'nothing',
    ...measured(50, 112),
  },
  needed_migration: {
    holds: 'a migration that a version has to know to run on these tables',
    kept: 'always: few releases make one',
    setting: null,
    removedBy: 'nothing',
    ...measured(5, 72),
  },
  outbox: {
    holds: 'a message that its peer has not taken yet',
    kept: 'until it is taken, or its job goes',
    setting: null,
    removedBy: 'the link that delivers it; what removes the job',
    ...reckoned(load.jobsPerDay / 100, 2_000),
  },
  lease: {
    holds: 'which process does what one alone does',
    kept: 'always: one for each such work',
    setting: null,
    removedBy: 'the process that ends',
    ...measured(10, 97),
  },
  last_done: {
    holds: 'when work that is repeated was done last',
    kept: 'always: one for each such work',
    setting: null,
    removedBy: 'the service, where the work is switched off',
    ...measured(10, 88),
  },
  trace_cursor: {
    holds: 'up to which job traces were told',
    kept: 'always: one row',
    setting: null,
    removedBy: 'nothing',
    ...measured(1, 133),
  },
  alert: {
    holds: 'a condition that does not hold, and who was told of it',
    kept: 'until it is over: one for each alert at most',
    setting: null,
    removedBy: 'the service, each minute',
    ...reckoned(20, 150),
  },
  dynamic_config: {
    holds: 'a setting that was changed while the service runs',
    kept: 'until it is given back: one for each key and source',
    setting: null,
    removedBy: byHand,
    ...reckoned(100, 300),
  },
  dynamic_config_change: {
    holds: 'a change of such a setting',
    kept: `until there are ${keptConfigChanges} newer ones`,
    setting: null,
    removedBy: 'the next change',
    ...reckoned(keptConfigChanges, 500),
  },
  audit_entry: {
    holds: 'a change that an operator made',
    kept: `until there are ${keptChanges} newer ones`,
    setting: null,
    removedBy: 'the next change',
    ...measured(keptChanges, 168),
  },
  operator: {
    holds: 'an account of the panel',
    kept: 'until it is removed',
    setting: null,
    removedBy: byHand,
    ...measured(10, 196),
  },
  operator_session: {
    holds: 'a login to the panel',
    kept: 'for 12 hours, or an hour unused',
    setting: null,
    removedBy: 'the next login',
    ...reckoned(20, 300),
  },
  login_delay: {
    holds: 'an address from which logins have failed',
    kept: 'for an hour after the last',
    setting: null,
    removedBy: 'the next login that fails, or succeeds from there',
    ...reckoned(1_000, 120),
  },
  hotkey_login: {
    holds: 'a login by hotkey that was signed',
    kept: 'for ten minutes',
    setting: null,
    removedBy: 'the next one',
    ...reckoned(20, 300),
  },
  acme_certificate: {
    holds: 'the certificate that an authority gave, and its account',
    kept: 'always: one for each set of names',
    setting: null,
    removedBy: 'nothing; a new one replaces it',
    ...reckoned(1, 10_000),
  },
  acme_challenge: {
    holds: 'an answer that an authority asks for',
    kept: 'for an hour',
    setting: null,
    removedBy: 'the end of the order, or the next challenge',
    ...reckoned(5, 300),
  },
};

/** Beside a service's own schema, where no Redis holds its queues. */
export const queueTables: Kept = {
  holds: 'an event of the queues (BullMQ, in the schema `SERVICE_queue`); entries go with their work',
  kept: 'until there are some 10,000 newer ones',
  setting: null,
  removedBy: 'BullMQ, each 256 events',
  ...measured(10_256, 178),
};

/** What each service keeps beside its database, where it is set to. */
export const commonFolders: Record<string, Kept> = {
  'BACKUP_FOLDER, and buckets': {
    holds: 'a backup, as large as what the database holds, compressed',
    kept: 'until there are as many newer ones as the setting says; 7 where it is not set',
    setting: 'BACKUP_LOCAL_ROTATE_KEEP_LAST',
    removedBy: 'the next backup, in each place',
    ...reckoned(0, 0),
  },
};
