import { Box, Card, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { MinerImages } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { Title } from 'react-admin';
import { ask } from '../api.ts';
import { useLive } from '../parts/live/use-live.ts';
import { momentWords } from '../words.ts';
import { JobImages } from './job-images.tsx';

/** Which images are on which machines. */
export const ImageList = () => {
  const { data, error } = useQuery({
    queryKey: ['images'],
    queryFn: () => ask<MinerImages>('images'),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Images" />
      <Typography role="status">{sentenceOf(data)}</Typography>
      <Card sx={{ overflowX: 'auto' }}>
        <Table size="small" aria-label="Images by machine">
          <TableHead>
            <TableRow>
              <TableCell>Machine</TableCell>
              <TableCell>Image</TableCell>
              <TableCell>State</TableCell>
            </TableRow>
          </TableHead>
          <TableBody>
            {data.results.map(({ machine, image, present, error: trouble }) => (
              <TableRow key={`${machine} ${image}`}>
                <TableCell component="th" scope="row" sx={{ overflowWrap: 'anywhere', minWidth: '5em' }}>
                  {machine}
                </TableCell>
                <TableCell sx={{ overflowWrap: 'anywhere', minWidth: '8em' }}>{image}</TableCell>
                <TableCell sx={{ overflowWrap: 'anywhere', minWidth: '8em' }}>
                  {trouble === null
                    ? 'up to date'
                    : `${present ? 'An older one stays' : 'Missing'}: ${trouble}`}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Card>
      <JobImages {...data} />
    </Box>
  );
};

function sentenceOf({ results, at }: MinerImages): string {
  if (at === null)
    return 'No image has been fetched yet: the miner does so after its start and every ten minutes, unless its executors need none.';
  const missing = results.filter(({ present }) => !present).length;
  const state =
    missing === 0
      ? 'Every machine has every image'
      : missing === 1
        ? 'One image is missing'
        : `${missing} images are missing`;
  return `${state}, as of ${momentWords(at)}. Further ones are named in DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES.`;
}
