import { Box, Link, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { PanelValidatorPage } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title, useGetRecordId } from 'react-admin';
import { ask } from '../api.ts';
import { useLive } from '../parts/live/use-live.ts';
import { Moment } from '../parts/moment.tsx';
import { Part } from '../parts/part.tsx';
import { bytesWords, momentWords } from '../words.ts';
import { stateWords } from './validator-list.tsx';

/** A validator: whether it is here, and what became of the jobs that it was sent. */
export const ValidatorPage = () => {
  const hotkey = String(useGetRecordId());
  const { data, error } = useQuery({
    queryKey: ['validators', 'page', hotkey],
    queryFn: () => ask<PanelValidatorPage>(`validators/${encodeURIComponent(hotkey)}`),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title={`Validator ${hotkey}`} />
      <Typography role="status" sx={{ overflowWrap: 'anywhere' }}>
        {sentenceOf(data)}
      </Typography>
      <Typography>
        <Link href={`#/jobs?filter=${encodeURIComponent(JSON.stringify({ validator: hotkey }))}`}>
          Its jobs
        </Link>
      </Typography>
      <Part title="Connections">
        <Box sx={{ overflowX: 'auto' }}>
          <Table size="small" aria-label="Connections">
            <TableHead>
              <TableRow>
                <TableCell>Since</TableCell>
                <TableCell>Last sign of life</TableCell>
                <TableCell>Largest frame</TableCell>
                <TableCell>Extensions</TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {data.connections.map(({ since, last_heartbeat, largest_frame, extensions }) => (
                <TableRow key={since}>
                  <TableCell>
                    <Moment time={since} />
                  </TableCell>
                  <TableCell>
                    <Moment time={last_heartbeat} />
                  </TableCell>
                  <TableCell>{bytesWords(largest_frame)}</TableCell>
                  <TableCell>{extensions.join(', ') || 'none'}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Box>
      </Part>
    </Box>
  );
};

function sentenceOf(validator: PanelValidatorPage): string {
  const { completed, failed, going_on } = validator.recent;
  const version = validator.version === null ? '' : ` with version ${validator.version}`;
  const seen = validator.connected ? '' : `, last seen ${momentWords(validator.last_seen)}`;
  return (
    `It is ${stateWords(validator)}${version}${seen}. Of its jobs of the last 24 hours ${completed} have completed, ` +
    `${failed} have failed, and ${going_on} go on.`
  );
}
