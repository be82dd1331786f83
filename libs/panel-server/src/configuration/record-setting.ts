import type { Transaction } from '@horde/database';
import type { SettingChange } from '@horde/dynamic-config';
import { recordChange } from '../audit.ts';

/** Records that a setting was changed while its service runs; to be given to its `DynamicConfig`. */
export function recordSetting(tx: Transaction, { name, by, before, after }: SettingChange): Promise<void> {
  const action = after.from === 'operator' ? 'change a setting' : 'take back a setting';
  return recordChange(tx, { by, action, subject: name, before, after });
}
