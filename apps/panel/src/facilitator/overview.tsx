import { Box, Typography } from '@mui/material';
import type { PanelOverview } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { ask } from '../api.ts';
import { FactCards, type Fact } from '../parts/facts.tsx';
import { HourChart } from '../parts/hour-chart.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { WaitChart } from '../parts/wait-chart.tsx';
import { usualWords } from '../words.ts';

/** How the facilitator is, at one look. */
export const Overview = () => {
  const { data, error } = useQuery({
    queryKey: ['overview'],
    queryFn: () => ask<PanelOverview>('overview'),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  const facts: Fact[] = [
    ['Unfinished jobs', data.unfinished.toLocaleString()],
    ['Validators connected', data.connected_validators],
    ['Users on the whitelist', data.whitelisted.toLocaleString()],
    ['Until a miner accepts', usualWords(data.wait_median, data.wait_p95)],
    ['From there to the result', usualWords(data.run_median, data.run_p95)],
  ];
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Overview" />
      <Typography role="status">{sentenceOf(data)}</Typography>
      <FactCards facts={facts} />
      <HourChart hours={data.hours} />
      <WaitChart waits={data.waits} />
    </Box>
  );
};

function sentenceOf({ connected_validators: validators, unfinished }: PanelOverview): string {
  if (validators === 0)
    return 'No validator is connected: jobs are taken for those that have just left, and for no others.';
  const jobs =
    unfinished === 0
      ? 'no job waits or runs'
      : `${unfinished} ${unfinished === 1 ? 'job waits or runs' : 'jobs wait or run'}`;
  return `${validators} ${validators === 1 ? 'validator is' : 'validators are'} connected, and ${jobs}.`;
}
