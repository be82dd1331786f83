import type { JsonObject } from '../json/values.ts';
import { writeCompactSorted } from '../json/write.ts';

/** The text under `validator_signature` of a job message: the object as it was received, without that key. */
export function validatorSignatureText(json: JsonObject): string {
  const unsigned: JsonObject = new Map(json);
  unsigned.delete('validator_signature');
  return writeCompactSorted(unsigned);
}
