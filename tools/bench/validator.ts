/** What a validator costs: choosing miners, fetching the receipts of the network, and scoring a cycle. */
import type { Figure } from './figure.ts';
import { choosingFigures } from './validator/choosing.ts';
import { scoringFigures } from './validator/scoring.ts';
import { transferFigures } from './validator/transfer.ts';

export async function figures(): Promise<Figure[]> {
  return [...(await choosingFigures()), ...(await transferFigures()), ...(await scoringFigures())];
}
