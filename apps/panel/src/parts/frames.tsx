import { Box, Button, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { PanelJobFrame, PanelJobFrames } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api.ts';
import { Moment } from './moment.tsx';
import { Part } from './part.tsx';

/** What the service has exchanged with its peers about a job: read when somebody asks for it. */
export const Frames = ({ job }: { job: string }) => {
  const [isAsked, setAsked] = useState(false);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['frames', job],
    queryFn: () => ask<PanelJobFrames>(`jobs/${job}/frames`),
    enabled: isAsked,
  });
  return (
    <Part title="Frames">
      <Button size="small" disabled={isFetching} onClick={() => (isAsked ? void refetch() : setAsked(true))}>
        {isAsked ? 'Read again' : 'Show what was exchanged'}
      </Button>
      {error && <Typography role="alert">{error.message}</Typography>}
      {data && <FrameTable frames={data} />}
    </Part>
  );
};

const FrameTable = ({ frames: { results, is_full } }: { frames: PanelJobFrames }) => (
  <>
    <Typography role="status" aria-label="What was exchanged" variant="body2">
      {sentence(results.length, is_full)}
    </Typography>
    {results.length > 0 && (
      <Box sx={{ overflowX: 'auto' }}>
        <Table size="small" aria-label="Frames">
          <TableHead>
            <TableRow>
              {['When', 'With', 'Message', 'Characters', 'What it says'].map((title) => (
                <TableCell key={title}>{title}</TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {results.map((frame, at) => (
              <TableRow key={at} sx={{ verticalAlign: 'top' }}>
                <TableCell>
                  <Moment time={frame.at} precise />
                </TableCell>
                <TableCell>{`${frame.is_sent ? 'to' : 'from'} the ${frame.peer}`}</TableCell>
                <TableCell>{frame.type}</TableCell>
                <TableCell align="right">{frame.size.toLocaleString()}</TableCell>
                <TableCell>
                  <Body frame={frame} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Box>
    )}
  </>
);

function sentence(count: number, isFull: boolean): string {
  if (count === 0)
    return 'None is kept: they come a moment later than they are exchanged, and KEEP_FRAMES=false keeps none.';
  const kept = `${count} ${count === 1 ? 'frame' : 'frames'}, without secrets.`;
  return isFull ? `${kept} More are not kept of one job.` : kept;
}

const Body = ({ frame: { body, type } }: { frame: PanelJobFrame }) => {
  if (body === null) return 'Too large to be kept.';
  return (
    <details>
      <summary aria-label={`Show what ${type} says`}>Show</summary>
      <Box component="pre" sx={{ m: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxWidth: '60ch' }}>
        {spread(body)}
      </Box>
    </details>
  );
};

/** A body that was cut is no JSON any more. */
function spread(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
