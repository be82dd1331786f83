import { Chip } from '@mui/material';

const colours: Record<string, 'success' | 'error' | 'default'> = {
  completed: 'success',
  failed: 'error',
  horde_failed: 'error',
  rejected: 'error',
};

export const StatusChip = ({ status, label }: { status: string; label: string }) => (
  <Chip size="small" variant="outlined" color={colours[status] ?? 'default'} label={label} />
);
