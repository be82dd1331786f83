import { Card, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { MinerImages } from '@horde/panel-api';
import { bytesWords, momentWords } from '../words.ts';

const breaks = { overflowWrap: 'anywhere', minWidth: '8em' } as const;

/** The images that executors have fetched for jobs, which are removed some time, and those that were. */
export const JobImages = ({ of_jobs, removed, limits, at }: MinerImages) => {
  if (at === null) return null;
  const rows = of_jobs.flatMap(({ machine, images }) => images.map((image) => ({ machine, ...image })));
  return (
    <>
      <Typography component="h2" variant="h6">
        Fetched for jobs
      </Typography>
      <Typography>{sentenceOf(rows, limits)}</Typography>
      {of_jobs.map(
        ({ machine, error }) =>
          error !== null && (
            <Typography key={machine} role="alert">
              {machine}: {error}
            </Typography>
          ),
      )}
      {rows.length > 0 && (
        <Card sx={{ overflowX: 'auto' }}>
          <Table size="small" aria-label="Images of jobs by machine">
            <TableHead>
              <TableRow>
                <TableCell>Machine</TableCell>
                <TableCell>Image</TableCell>
                <TableCell>Size</TableCell>
                <TableCell>Needed last</TableCell>
                <TableCell>Can be removed</TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {rows.map(({ machine, image, bytes, used_at, kept }) => (
                <TableRow key={`${machine} ${image}`}>
                  <TableCell component="th" scope="row" sx={breaks}>
                    {machine}
                  </TableCell>
                  <TableCell sx={breaks}>{image}</TableCell>
                  <TableCell>{bytesWords(bytes)}</TableCell>
                  <TableCell>{momentWords(used_at)}</TableCell>
                  <TableCell sx={breaks}>{kept === null ? 'yes' : `no: ${kept}`}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Card>
      )}
      {removed.length > 0 && (
        <Card sx={{ overflowX: 'auto' }}>
          <Table size="small" aria-label="Images of jobs that were removed">
            <TableHead>
              <TableRow>
                <TableCell>Machine</TableCell>
                <TableCell>Removed image</TableCell>
                <TableCell>Size</TableCell>
                <TableCell>When</TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {removed.map(({ machine, image, bytes, at: when }) => (
                <TableRow key={`${machine} ${image} ${when}`}>
                  <TableCell component="th" scope="row" sx={breaks}>
                    {machine}
                  </TableCell>
                  <TableCell sx={breaks}>{image}</TableCell>
                  <TableCell>{bytesWords(bytes)}</TableCell>
                  <TableCell>{momentWords(when)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Card>
      )}
    </>
  );
};

function sentenceOf(images: { bytes: number }[], { most_bytes, least_free }: MinerImages['limits']): string {
  const sum = bytesWords(images.reduce((bytes, image) => bytes + image.bytes, 0));
  const has =
    images.length === 0
      ? 'Executors have fetched no images that are still there'
      : `${images.length === 1 ? 'One image takes' : `${images.length} images take`} ${sum}`;
  const limits = [
    ...(most_bytes === null ? [] : [`more than ${bytesWords(most_bytes)} on a machine (JOB_IMAGES_MAX_GB)`]),
    ...(least_free === 0 ? [] : [`its disk has less than ${least_free * 100} % left (JOB_IMAGES_FREE_DISK)`]),
  ];
  return limits.length === 0
    ? `${has}. None is removed: JOB_IMAGES_MAX_GB and JOB_IMAGES_FREE_DISK are 0.`
    : `${has}. Where they take ${limits.join(', or ')}, those that were not needed for longest are removed.`;
}
