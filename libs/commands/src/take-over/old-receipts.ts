import type { LineFault } from '@horde/receipts';
import type { TakeOver } from './take-over.ts';
import type { Tally } from './tally.ts';

/** So many are read, verified and stored in one go: fewer than a page may have of bad lines. */
const atOnce = 400;
/** The blocks that a receipt names are no longer than this as a text. @unit bytes */
const maxBlocks = 128 * 1_024;

const common = `'job_uuid', job_uuid, 'miner_hotkey', miner_hotkey, 'validator_hotkey', validator_hotkey,
  'timestamp', timestamp`;

/** By its type: the table, what it has of its own, and how large that is. */
const kinds = [
  {
    type: 'JobStartedReceipt',
    own: `'executor_class', executor_class, 'is_organic', is_organic, 'ttl', ttl`,
    columns: ['executor_class', 'is_organic', 'ttl'],
    size: '0',
  },
  {
    type: 'JobAcceptedReceipt',
    own: `'time_accepted', time_accepted, 'ttl', ttl`,
    columns: ['time_accepted', 'ttl'],
    size: '0',
  },
  {
    type: 'JobFinishedReceipt',
    own: `'time_started', time_started, 'time_took_us', time_took_us, 'score_str', score_str,
      'block_numbers', block_numbers`,
    columns: ['time_started', 'time_took_us', 'score_str', 'block_numbers'],
    size: 'octet_length(block_numbers::text)',
  },
];

/** Takes lines as receipts' pages have them, and stores the good ones. */
export type TakeLines = (lines: string[], tally: Tally) => Promise<void>;

/**
 * Reads the receipts of the old database, a few hundred at a time.
 *
 * @param since older ones are none that count. @unit ms since 1970
 */
export async function eachReceipt(
  run: TakeOver,
  tally: Tally,
  since: number,
  take: TakeLines,
): Promise<void> {
  for (const { type, own, columns, size } of kinds) {
    const table = `receipts_${type.toLowerCase()}`;
    if (!run.old.has(table, 'id', 'timestamp', ...columns)) {
      tally.leave('a kind of a release that is too old to be read', type);
      continue;
    }
    for (let last = '0'; ;) {
      run.signal.throwIfAborted();
      const rows = await run.old.rows<{ id: string; line: string | null; signed: boolean }>(
        `select id, miner_signature is not null as signed, case when ${size} <= ${maxBlocks} then json_build_object(
           'payload', json_build_object('receipt_type', '${type}', ${common}, ${own}),
           'validator_signature', validator_signature, 'miner_signature', miner_signature)::text end as line
         from ${table} where id > $1 and timestamp > $2 order by id limit ${atOnce}`,
        [last, new Date(since).toISOString()],
      );
      if (rows.length === 0) break;
      last = rows.at(-1)!.id;
      const unsigned = rows.filter(({ signed }) => !signed).length;
      if (unsigned > 0) tally.leave('not signed by their miner', null, unsigned);
      const lines = rows.flatMap(({ line, signed }) => (signed && line !== null ? [line] : []));
      const tooLong = rows.length - unsigned - lines.length;
      if (tooLong > 0) leaveFaults(tally, Array<LineFault>(tooLong).fill('LineTooLong'));
      await take(lines, tally);
    }
  }
}

const faults: Record<LineFault, string> = {
  LineTooLong: 'too long',
  ValidationError: 'not of the form of receipts',
  ForeignReceipt: 'of another miner',
  UnknownValidator: 'of hotkeys that the chain has not let validate lately',
  FutureDatedReceipt: 'of a time to come',
  BadValidatorReceiptSignature: "a signature that is not their validator's",
  BadMinerReceiptSignature: "a signature that is not their miner's",
};

export function leaveFaults(tally: Tally, found: readonly LineFault[]): void {
  for (const fault of found) tally.leave(faults[fault]);
}
