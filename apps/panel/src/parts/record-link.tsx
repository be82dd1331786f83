import type { MouseEvent } from 'react';
import { Link } from 'react-admin';

/** Leads from a list's row to its page: for those who use no mouse, too. Takes two lines. @param to behind `#` */
export const RecordLink = ({ to, children }: { to: string; children: string }) => (
  <Link
    to={to}
    sx={{
      display: 'inline-block',
      minWidth: `${Math.ceil(children.length / 2) + 1}ch`,
      fontFamily: 'ui-monospace, monospace',
      overflowWrap: 'anywhere',
    }}
    onClick={(event: MouseEvent) => event.stopPropagation()}
  >
    {children}
  </Link>
);
