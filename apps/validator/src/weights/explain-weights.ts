import type { CycleWeightsRow } from './cycle-weights.entity.ts';
import { said, whatNext } from './missing-weights.ts';
import type { Reasons } from './weigh.ts';

type Coldkey = Reasons['classes'][number]['coldkeys'][number];

/** How a cycle's weights stand, what to type next, who gets what, and why: a sentence, then the facts. */
export function explainWeights(row: CycleWeightsRow): string {
  const sentence = `Blocks ${row.cycle_start} to ${row.cycle_end - 1}: ${row.state}. ${row.note}`;
  const lines = [said(sentence, whatNext(row))];
  if (row.reasons === null) return lines.join('\n');
  const reasons = JSON.parse(row.reasons) as Reasons;
  const weights = (JSON.parse(row.weights ?? '[]') as [string, number][]).toSorted(([, a], [, b]) => b - a);
  const { neurons, neurons_block: block, burn, cheated, lost } = reasons;
  lines.push(`Inputs ${row.inputs_digest}, ${neurons} neurons as of block ${block}.`, '', 'Weights:');
  for (const [hotkey, weight] of weights) lines.push(`  ${hotkey}  ${weight}`);
  if (burn)
    for (const [hotkey, part] of Object.entries(burn.parts))
      lines.push(`  ${part} of them is burnt at ${hotkey}`);
  for (const { executor_class: name, weight, total, coldkeys } of reasons.classes) {
    lines.push('', `${name}, weight ${weight}, ${total} executor-seconds with bonuses:`);
    for (const coldkey of coldkeys) lines.push(...ofColdkey(coldkey, total * weight));
  }
  if (cheated.length > 0) lines.push('', 'Left out, because they were reported as cheated:');
  for (const { job_uuid: uuid, miner_hotkey: miner, cost } of cheated)
    lines.push(`  job ${uuid} of ${miner}, ${cost}`);
  if (Object.keys(lost).length > 0) lines.push('', 'Lost, because the hotkey is not registered:');
  for (const [hotkey, score] of Object.entries(lost)) lines.push(`  ${hotkey}, ${score}`);
  return lines.join('\n');
}

function ofColdkey({ coldkey, total, danced, shares, main_hotkey: main }: Coldkey, counts: number): string[] {
  const bonus = danced ? ', with the bonus for another main hotkey than before' : '';
  const head = `  coldkey ${coldkey} was paid ${total}${counts > 0 ? '' : ', which counts nothing'}${bonus}`;
  return [
    head,
    ...Object.entries(shares).map(
      ([hotkey, share]) => `    ${hotkey}  ${share}${hotkey === main ? '  main hotkey' : ''}`,
    ),
  ];
}
