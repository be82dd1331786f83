import { Box } from '@mui/material';

/** A hotkey where there is little room: its beginning is seen, all of it is read out, copied, and shown to who points at it. */
export const shortened = {
  display: 'inline-block',
  maxWidth: '13ch',
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
  verticalAlign: 'bottom',
  fontFamily: 'ui-monospace, monospace',
} as const;

export const Hotkey = ({ address }: { address: string }) => (
  <Box component="span" title={address} sx={shortened}>
    {address}
  </Box>
);
