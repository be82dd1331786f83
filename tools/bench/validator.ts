/**
 * What a validator costs: choosing miners, driving jobs, fetching the receipts of the network, scoring a cycle, and the accounts of
 * allowance.
 */
import type { Figure } from './figure.ts';
import { allowanceFigures } from './validator/allowance.ts';
import { choosingFigures } from './validator/choosing.ts';
import { drivingFigures } from './validator/driving.ts';
import { scoringFigures } from './validator/scoring.ts';
import { memoryFigures } from './validator/memory.ts';
import { transferFigures } from './validator/transfer.ts';

export async function figures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const measure of [
    choosingFigures,
    drivingFigures,
    memoryFigures,
    transferFigures,
    scoringFigures,
    allowanceFigures,
  ])
    figures.push(...(await measure()));
  return figures;
}
