import { Box } from '@mui/material';
import type { MouseEvent } from 'react';
import { Link } from 'react-admin';

/** A uuid or a hotkey, all of it, in two lines; on a phone in three. */
const fewLines = (name: string) => ({
  display: 'inline-block',
  minWidth: { xs: `${Math.ceil(name.length / 3) + 2}ch`, sm: `${Math.ceil(name.length / 2) + 1}ch` },
  fontFamily: 'ui-monospace, monospace',
  overflowWrap: 'anywhere',
});

export const LongName = ({ children }: { children: string }) => (
  <Box component="span" sx={fewLines(children)}>
    {children}
  </Box>
);

/** Leads from a list's row to its page: for those who use no mouse, too. @param to behind `#` */
export const RecordLink = ({ to, children }: { to: string; children: string }) => (
  <Link to={to} sx={fewLines(children)} onClick={(event: MouseEvent) => event.stopPropagation()}>
    {children}
  </Link>
);
