import { Box, Tab, Tabs, Typography } from '@mui/material';
import { useState } from 'react';

/** What the streams of a job have printed. */
export interface Printed {
  stdout: string;
  stderr: string;
}

const streams = ['stdout', 'stderr'] as const;

interface Props {
  printed: Printed;
  /** How much of it that is. */
  says: string;
  /** Whether no more comes. */
  hasEnded: boolean;
}

/** What a job prints, as text: whatever it is. */
export const PrintedText = ({ printed, says, hasEnded }: Props) => {
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
        {printed[stream] || (hasEnded ? 'Nothing.' : 'Nothing yet.')}
      </Box>
      <Typography variant="body2" role="status" aria-label="How what it prints comes">
        {says}
      </Typography>
    </>
  );
};
