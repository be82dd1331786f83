import { Box, Typography } from '@mui/material';
import type { ValidatorOverview } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { ask } from '../api.ts';
import { Bars } from '../parts/bars.tsx';
import { FactCards, type Fact } from '../parts/facts.tsx';
import { HourChart } from '../parts/hour-chart.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { Part } from '../parts/part.tsx';
import { SpanChart } from '../parts/span-chart.tsx';
import { WaitChart } from '../parts/wait-chart.tsx';
import { spanWords, usualWords } from '../words.ts';

/** How the validator is, at one look. */
export const Overview = () => {
  const { data, error } = useQuery({
    queryKey: ['overview'],
    queryFn: () => ask<ValidatorOverview>('overview'),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  const paid = data.spend.reduce((sum, { seconds }) => sum + seconds, 0);
  const facts: Fact[] = [
    ['Jobs that wait for a miner', data.waiting.toLocaleString()],
    ['Jobs that a miner has', data.running.toLocaleString()],
    ['Miners that offer executors', data.miners.toLocaleString()],
    ['Executors that they offer', data.executors.toLocaleString()],
    ['Until a miner accepts', usualWords(data.wait_median, data.wait_p95)],
    ['From there to the result', usualWords(data.run_median, data.run_p95)],
    ['Paid to miners in 24 h', spanWords(paid)],
  ];
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Overview" />
      <Typography role="status">{sentenceOf(data)}</Typography>
      <FactCards facts={facts} />
      <HourChart hours={data.hours} />
      <WaitChart waits={data.waits} />
      <Part title="How attempts ended">
        <Bars
          summary="How the attempts of the last 24 hours ended"
          bars={data.ends.map(({ outcome, count }) => ({
            label: outcome,
            value: count,
            words: count.toLocaleString(),
          }))}
        />
        {data.ends.length === 0 && <Typography variant="body2">None has, in 24 hours.</Typography>}
      </Part>
      <Part title="What miners were paid">
        <SpanChart
          spans={data.spend}
          none="Nothing, in 24 hours."
          summaryOf={(most) =>
            `Executors’ time that they were paid for, by the hour: ${spanWords(most)} in the dearest one.`
          }
        />
      </Part>
      <Part title="Weights">
        {data.cycles.map(({ cycle_start, sentence, weighted }) => (
          <Typography variant="body2" key={cycle_start}>
            Cycle from block {cycle_start}, {weighted ?? 'no'} hotkeys with a weight: {sentence}
          </Typography>
        ))}
        {data.cycles.length === 0 && (
          <Typography variant="body2">No cycle’s work has been weighed yet.</Typography>
        )}
      </Part>
    </Box>
  );
};

function sentenceOf({ miners, waiting, running }: ValidatorOverview): string {
  const jobs =
    waiting + running === 0
      ? 'no job waits or runs'
      : `of its jobs ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for a miner and ${running} ${running === 1 ? 'runs' : 'run'}`;
  if (miners === 0) return `No miner offers an executor to this validator: ${jobs}.`;
  return `${miners} ${miners === 1 ? 'miner offers' : 'miners offer'} executors, and ${jobs}.`;
}
