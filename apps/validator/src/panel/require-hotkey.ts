import { isSs58 } from '@horde/identity';
import { fieldErrors } from '@horde/rest';

/** @throws Refusal 400 */
export function requireHotkey(text: string): void {
  if (!isSs58(text)) throw fieldErrors({ hotkey: ['This is not an SS58 address.'] });
}
