/** What a validator costs: fetching the receipts of the network. */
import type { Figure } from './figure.ts';
import { transferFigures } from './validator/transfer.ts';

export async function figures(): Promise<Figure[]> {
  return transferFigures();
}
