import { Box, Tab, Tabs, Typography } from '@mui/material';
import { useState } from 'react';
import type { JobNews, Printed } from './use-job-events.ts';

const streams = ['stdout', 'stderr'] as const;
const states = {
  live: 'Shown as it is printed.',
  interrupted: 'The connection was lost, and is opened again.',
  ended: 'The job has ended, and this is what is kept of it.',
};

/** What a job prints, as text: whatever it is. */
export const JobOutput = ({ printed, state }: Pick<JobNews, 'printed' | 'state'>) => {
  const [stream, setStream] = useState<keyof Printed>('stdout');
  return (
    <>
      <Tabs value={stream} onChange={(_event, value: keyof Printed) => setStream(value)} aria-label="Output">
        {streams.map((name) => (
          <Tab
            key={name}
            value={name}
            label={`${name} (${printed[name].length.toLocaleString()})`}
            id={`tab-${name}`}
            aria-controls="job-output"
          />
        ))}
      </Tabs>
      <Box
        component="pre"
        id="job-output"
        role="tabpanel"
        aria-labelledby={`tab-${stream}`}
        tabIndex={0}
        sx={{
          m: 0,
          p: 1,
          maxHeight: 400,
          overflow: 'auto',
          bgcolor: 'action.hover',
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
          fontSize: 13,
        }}
      >
        {printed[stream] || 'Nothing yet.'}
      </Box>
      <Typography variant="body2" role="status">
        {states[state]}
      </Typography>
    </>
  );
};
