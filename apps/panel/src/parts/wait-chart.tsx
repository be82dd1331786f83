import type { PanelOverview } from '@horde/panel-api';
import { spanWords } from '../words.ts';
import { Part } from './part.tsx';
import { SpanChart } from './span-chart.tsx';

/** How long jobs waited for a miner, by the hour. */
export const WaitChart = ({ waits }: Pick<PanelOverview, 'waits'>) => (
  <Part title="Until a miner accepts">
    <SpanChart
      spans={waits}
      none="No miner has accepted a job, in 24 hours."
      summaryOf={(most) => `The median, by the hour: ${spanWords(most)} in the slowest one.`}
    />
  </Part>
);
