import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { MinerOverview } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { ask } from '../api.ts';
import { FactCards, type Fact } from '../parts/facts.tsx';
import { HourChart } from '../parts/hour-chart.tsx';
import { sometimes, useLive } from '../parts/live/use-live.ts';
import { Part } from '../parts/part.tsx';
import { SpanChart } from '../parts/span-chart.tsx';
import { spanWords, usualWords } from '../words.ts';

/** How the miner is, at one look. */
export const Overview = () => {
  const { data, error } = useQuery({
    queryKey: ['overview'],
    queryFn: () => ask<MinerOverview>('overview'),
    refetchInterval: useLive(sometimes),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  const facts: Fact[] = [
    ['Unfinished jobs', data.unfinished.toLocaleString()],
    ['Validators connected', `${data.connected_validators} of ${data.active_validators}`],
    ['Until an executor is ready', usualWords(data.start_median, data.start_p95)],
    ['Earned in 24 h, as validators signed', `${spanWords(data.earned)} of executors`],
    ['Jobs in 24 h that allowance paid for', data.paid_jobs.toLocaleString()],
  ];
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Overview" />
      <Typography role="status">{data.sentence}</Typography>
      <FactCards facts={facts} />
      <Part title="Executors by class">
        <Box sx={{ overflowX: 'auto' }}>
          <Classes classes={data.classes} />
        </Box>
      </Part>
      <HourChart hours={data.hours} />
      <Part title="Until an executor is ready">
        <SpanChart
          spans={data.starts}
          none="No executor has got ready for a job, in 24 hours."
          summaryOf={(most) => `The median, by the hour: ${spanWords(most)} in the slowest one.`}
        />
      </Part>
      <Part title="What was earned">
        <SpanChart
          spans={data.earnings}
          none="Nothing, in 24 hours."
          summaryOf={(most) =>
            `Executors’ time that validators signed for, by the hour: ${spanWords(most)} in the best one.`
          }
        />
      </Part>
    </Box>
  );
};

const Classes = ({ classes }: Pick<MinerOverview, 'classes'>) => (
  <Table size="small" aria-label="Executors by class">
    <TableHead>
      <TableRow>
        <TableCell>Class</TableCell>
        <TableCell align="right">Offered</TableCell>
        <TableCell align="right">Busy</TableCell>
        <TableCell align="right">Free</TableCell>
        <TableCell align="right">Of these warm</TableCell>
        <TableCell align="right">Out of reach</TableCell>
      </TableRow>
    </TableHead>
    <TableBody>
      {classes.map(({ executor_class, offered, configured, busy, warm }) => (
        <TableRow key={executor_class}>
          <TableCell component="th" scope="row">
            {executor_class}
          </TableCell>
          <TableCell align="right">{offered}</TableCell>
          <TableCell align="right">{busy}</TableCell>
          <TableCell align="right">{Math.max(0, offered - busy)}</TableCell>
          <TableCell align="right">{warm}</TableCell>
          <TableCell align="right">{Math.max(0, configured - offered)}</TableCell>
        </TableRow>
      ))}
    </TableBody>
  </Table>
);
