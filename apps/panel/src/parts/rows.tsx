import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { ReactNode } from 'react';

interface Props<Row> {
  /** The table's name. */
  label: string;
  rows: readonly Row[];
  /** What tells a row apart from the others. */
  keyOf: (row: Row) => string;
  columns: [name: string, cell: (row: Row) => ReactNode][];
  /** What is said where there are no rows. */
  none: string;
}

/** A table within a page. Of a list that can be long or filtered there is a page of its own. */
export function Rows<Row>({ label, rows, keyOf, columns, none }: Props<Row>) {
  if (rows.length === 0) return <Typography variant="body2">{none}</Typography>;
  return (
    <Box sx={{ overflowX: 'auto' }}>
      <Table size="small" aria-label={label}>
        <TableHead>
          <TableRow>
            {columns.map(([name]) => (
              <TableCell key={name}>{name}</TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)}>
              {columns.map(([name, cell], at) => (
                // What the row is about, such as a class, is readable on a phone, too: the table scrolls.
                <TableCell key={name} sx={{ overflowWrap: 'anywhere', minWidth: at === 0 ? '13em' : '6em' }}>
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}
