import type { Findings } from './findings.ts';
import type { FullValidator } from './full-validator.ts';
import type { Truth } from './truth.ts';

const kinds = {
  JobStartedReceipt: 'started',
  JobAcceptedReceipt: 'accepted',
  JobFinishedReceipt: 'finished',
};

/** A validator has kept every genuine receipt that was shown, and no other but its own. */
export async function checkReceipts(
  { stored, validator }: FullValidator,
  { genuine }: Truth,
  findings: Findings,
): Promise<void> {
  const rows = await stored.database.manager.query<
    { type: keyof typeof kinds; key: string; isOwn: boolean }[]
  >(
    `select receipt_type as type, job_uuid || ' ' || validator_hotkey || ' ' || miner_hotkey as key,
       validator_hotkey = $1 as "isOwn" from receipt`,
    [validator.hotkey],
  );
  const kept = new Map(rows.map(({ type, key, isOwn }) => [`${kinds[type]} ${key}`, isOwn]));
  const check = (holds: boolean, what: string) =>
    findings.check('only genuine receipts are kept', holds, () => what);
  for (const [key, isOwn] of kept)
    check(isOwn || genuine.has(key), `${validator.hotkey} has kept a receipt that is not genuine: ${key}.`);
  for (const key of genuine) check(kept.has(key), `${validator.hotkey} has not kept the receipt: ${key}.`);
}
