import { readAmount, readAxon, readBody, readFlag, readHotkey } from '../http/input.ts';
import type { Participant } from '../ledger/state.ts';

/** Without a coldkey it is its own. */
export function readParticipant(hotkey: string, body: unknown): Participant {
  const fields = readBody(body, ['coldkey', 'stake', 'validator_permit', 'axon']);
  return {
    coldkey: (fields['coldkey'] ?? null) === null ? hotkey : readHotkey(fields['coldkey'], 'coldkey'),
    stake: readAmount(fields['stake'], 'stake'),
    validator_permit: readFlag(fields['validator_permit'], 'validator_permit'),
    axon: readAxon(fields['axon']),
  };
}
