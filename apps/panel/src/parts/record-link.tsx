import { Box } from '@mui/material';
import type { MouseEvent } from 'react';
import { Link } from 'react-admin';

/** A uuid or a hotkey, all of it, in two lines. */
const twoLines = (name: string) => ({
  display: 'inline-block',
  minWidth: `${Math.ceil(name.length / 2) + 1}ch`,
  fontFamily: 'ui-monospace, monospace',
  overflowWrap: 'anywhere',
});

export const LongName = ({ children }: { children: string }) => (
  <Box component="span" sx={twoLines(children)}>
    {children}
  </Box>
);

/** Leads from a list's row to its page: for those who use no mouse, too. @param to behind `#` */
export const RecordLink = ({ to, children }: { to: string; children: string }) => (
  <Link to={to} sx={twoLines(children)} onClick={(event: MouseEvent) => event.stopPropagation()}>
    {children}
  </Link>
);
