import { Box, Typography } from '@mui/material';
import type { PanelSpan } from '@horde/panel-api';
import type { ReactNode } from 'react';
import { spanWords } from '../words.ts';
import { Sentence } from './sentence.tsx';
import { StatusChip } from './status-chip.tsx';

interface Props {
  job: { status: string; status_label: string; sentence: string; timeline: PanelSpan[] };
  /** @unit ms since 1970 */
  now: number;
  /** What can be done, and where there is more. */
  children: ReactNode;
}

/** What a job's page begins with: why it is where it is, and for how long. */
export const Standing = ({ job, now, children }: Props) => (
  <Box sx={{ display: 'flex', columnGap: 2, rowGap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
    <Box
      role="status"
      aria-label="How the job stands"
      sx={{
        display: 'flex',
        columnGap: 2,
        rowGap: 1,
        alignItems: 'center',
        flexWrap: { xs: 'wrap', sm: 'nowrap' },
      }}
    >
      <StatusChip status={job.status} label={job.status_label} />
      <Typography sx={{ overflowWrap: 'anywhere' }}>
        <Sentence>{job.sentence}</Sentence>
      </Typography>
    </Box>
    {/* It changes each second: nobody has it read out. */}
    <Typography color="textSecondary">{soFar(job.timeline, now)}</Typography>
    {children}
  </Box>
);

/** How long a job has been where it is; empty: it has ended. */
function soFar(timeline: PanelSpan[], now: number): string {
  const open = timeline.filter(({ until }) => until === null);
  const span = open.find(({ kind }) => kind === 'wait') ?? open.find(({ kind }) => kind === 'status');
  if (!span) return '';
  const words = `For ${spanWords(Math.max(0, now - Date.parse(span.from)) / 1_000)} now`;
  return span.limit === null || span.limit === 0
    ? `${words}.`
    : `${words}, of ${spanWords(span.limit)} at most.`;
}
