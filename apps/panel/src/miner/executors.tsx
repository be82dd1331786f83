import {
  Alert,
  Box,
  Card,
  Link,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  Typography,
} from '@mui/material';
import type { MinerExecutor, MinerExecutorHost } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { ask } from '../api.ts';
import { sometimes, useLive } from '../parts/live/use-live.ts';
import { roomy } from '../parts/roomy.ts';
import { useNow } from '../parts/use-now.ts';
import { spanWords } from '../words.ts';

const states: Record<MinerExecutor['state'], string> = {
  starting: 'is being started',
  warm: 'is warm',
  working: 'works',
  ending: 'is being stopped',
};

/** The hosts of executors, and what each runs. */
export const Executors = () => {
  const { data, error } = useQuery({
    queryKey: ['executors'],
    queryFn: () => ask<{ results: MinerExecutorHost[] }>('executors'),
    refetchInterval: useLive(sometimes),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Executors" />
      <Typography role="status">{sentenceOf(data.results)}</Typography>
      <Card sx={{ overflowX: 'auto' }}>
        <Table size="small" aria-label="Hosts of executors">
          <TableHead>
            <TableRow>
              <TableCell>Host</TableCell>
              <TableCell sx={roomy}>Class</TableCell>
              <TableCell align="right">Executors</TableCell>
              <TableCell>What it runs</TableCell>
            </TableRow>
          </TableHead>
          <TableBody>
            {data.results.map((host) => (
              <Host key={`${host.name} ${host.executor_class}`} host={host} />
            ))}
          </TableBody>
        </Table>
      </Card>
    </Box>
  );
};

const Host = ({
  host: { name, executor_class, executors, trouble, running },
}: {
  host: MinerExecutorHost;
}) => (
  <TableRow>
    <TableCell component="th" scope="row" sx={{ overflowWrap: 'anywhere', minWidth: '6em' }}>
      {name ?? 'not known yet'}
    </TableCell>
    <TableCell sx={roomy}>{executor_class}</TableCell>
    <TableCell align="right">
      {running.length} of {executors}
    </TableCell>
    <TableCell sx={{ overflowWrap: 'anywhere', minWidth: '9em' }}>
      {trouble && <Alert severity="error">{trouble}</Alert>}
      {(running.length > 0 || trouble === null) && <Running running={running} />}
    </TableCell>
  </TableRow>
);

const Running = ({ running }: { running: MinerExecutor[] }) => {
  const now = useNow(running.length > 0);
  if (running.length === 0) return <Typography variant="body2">nothing</Typography>;
  return (
    <Box component="ul" sx={{ m: 0, pl: 2 }}>
      {running.map(({ state, job, status_label, since }, at) => (
        <Typography component="li" variant="body2" key={job ?? at}>
          {job === null ? 'One ' : <Link href={`#/jobs/${job}/show`}>{job}</Link>} {states[state]}
          {status_label && ` (${status_label})`} for {spanWords(Math.max(0, now - Date.parse(since)) / 1_000)}
        </Typography>
      ))}
    </Box>
  );
};

function sentenceOf(hosts: MinerExecutorHost[]): string {
  if (hosts.length === 0) return 'The miner has no executors.';
  const all = hosts.reduce((sum, { executors }) => sum + executors, 0);
  const jobs = hosts.flatMap(({ running }) => running).filter(({ job }) => job !== null).length;
  const away = hosts.filter(({ trouble }) => trouble !== null).length;
  const trouble = away === 0 ? '' : ` On ${away} of the hosts none can be started.`;
  return `${jobs} of ${all} executors ${jobs === 1 ? 'has' : 'have'} a job.${trouble}`;
}
