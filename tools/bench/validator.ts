/**
 * What a validator costs: choosing miners, fetching the receipts of the network, scoring a cycle, and the accounts of
 * allowance.
 */
import type { Figure } from './figure.ts';
import { allowanceFigures } from './validator/allowance.ts';
import { choosingFigures } from './validator/choosing.ts';
import { scoringFigures } from './validator/scoring.ts';
import { transferFigures } from './validator/transfer.ts';

export async function figures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const measure of [choosingFigures, transferFigures, scoringFigures, allowanceFigures])
    figures.push(...(await measure()));
  return figures;
}
