import { isSs58 } from '@horde/identity';

/** What was typed cannot be meant: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError unless it is the SS58 address of a key */
export function requireHotkey(hotkey: string): void {
  if (!isSs58(hotkey)) throw new UsageError(`"${hotkey}" is not an SS58 address.`);
}
