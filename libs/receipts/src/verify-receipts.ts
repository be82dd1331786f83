import type { VerifierPool } from '@horde/identity';
import type { FetchedReceipt, LineFault } from './fetched-receipt.ts';

/** A receipt that validator and miner have both signed. */
export interface VerifiedReceipt extends FetchedReceipt {
  /** The exact text under the signatures. */
  text: string;
}

/** Verifies the signatures of receipts. @returns in their order; a fault in the place of one that does not hold */
export async function verifyReceipts(
  pool: Pick<VerifierPool, 'verifyAll'>,
  receipts: readonly FetchedReceipt[],
): Promise<(VerifiedReceipt | LineFault)[]> {
  // Mostly a receipt has one text; each is tried with both signatures.
  const tried = receipts.flatMap((receipt) => receipt.texts.map((text) => ({ receipt, text })));
  const answers = await pool.verifyAll(
    tried.flatMap(({ receipt: { payload, validatorSignature, minerSignature }, text }) => [
      { data: text, signature: validatorSignature, hotkey: payload.validator_hotkey },
      { data: text, signature: minerSignature, hotkey: payload.miner_hotkey },
    ]),
  );
  const verdicts = new Map<FetchedReceipt, VerifiedReceipt | LineFault>();
  for (const [index, { receipt, text }] of tried.entries()) {
    const [byValidator, byMiner] = [answers[2 * index], answers[2 * index + 1]];
    if (byValidator && byMiner) verdicts.set(receipt, { ...receipt, text });
    else if (!verdicts.has(receipt))
      verdicts.set(receipt, byValidator ? 'BadMinerReceiptSignature' : 'BadValidatorReceiptSignature');
  }
  return [...verdicts.values()];
}
