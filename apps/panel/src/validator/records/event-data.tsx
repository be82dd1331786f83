import { Box } from '@mui/material';

/** What a program can make use of in a system event: shown to whoever asks for it. */
export const EventData = ({ data }: { data: object }) => (
  <details>
    <summary>{Object.keys(data).join(', ') || 'none'}</summary>
    <Box component="pre" sx={{ m: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {JSON.stringify(data, null, 2)}
    </Box>
  </details>
);
