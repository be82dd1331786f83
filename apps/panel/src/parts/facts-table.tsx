import { Box, Table, TableBody, TableCell, TableHead, TableRow } from '@mui/material';
import type { ReactNode } from 'react';

interface Props {
  name: string;
  columns: readonly string[];
  rows: { key: string; cells: readonly ReactNode[] }[];
}

/** A table on a page that has more than it. @param name for those who do not see it */
export const FactsTable = ({ name, columns, rows }: Props) => (
  <Box sx={{ overflowX: 'auto' }}>
    <Table size="small" aria-label={name}>
      <TableHead>
        <TableRow>
          {columns.map((column) => (
            <TableCell key={column}>{column}</TableCell>
          ))}
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map(({ key, cells }) => (
          <TableRow key={key}>
            {cells.map((cell, at) => (
              <TableCell key={columns[at]} sx={{ overflowWrap: 'anywhere', minWidth: '6em' }}>
                {cell}
              </TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  </Box>
);
