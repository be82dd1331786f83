import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { PanelSpan } from '@horde/panel-api';
import { spanWords } from '../words.ts';

const colourOf = ({ kind, isOpen }: { kind: PanelSpan['kind']; isOpen: boolean }): string =>
  kind === 'wait' ? 'warning.main' : isOpen ? 'info.main' : 'primary.main';

/** A phone has no room for the bars. */
const onlyWide = { display: { xs: 'none', sm: 'table-cell' } } as const;

const seconds = (from: number, to: number): number => Math.max(0, to - from) / 1_000;

/** What happened with a job and how long it took, each span to the same scale; a mark shows how long it may take. */
export const Timeline = ({ spans, now }: { spans: PanelSpan[]; now: number }) => {
  const moments = spans.map(({ from, until }) => ({
    from: Date.parse(from),
    until: until ? Date.parse(until) : now,
  }));
  const first = Math.min(...moments.map(({ from }) => from));
  const whole = Math.max(1, Math.max(...moments.map(({ until }) => until)) - first);
  const share = (time: number): number => Math.min(100, Math.max(0, (100 * (time - first)) / whole));
  const rows = spans
    .map((span, at) => ({
      ...span,
      ...moments[at]!,
      key: `${span.kind} ${span.from} ${at}`,
      isOpen: span.until === null,
    }))
    .toSorted((one, other) => one.from - other.from);
  return (
    <Table size="small" aria-label="Timeline" sx={{ tableLayout: { sm: 'fixed' } }}>
      <TableHead>
        <TableRow>
          <TableCell sx={{ width: { sm: '45%' } }}>Stage</TableCell>
          <TableCell sx={onlyWide}>{spanWords(whole / 1_000)} in all</TableCell>
          <TableCell sx={{ width: { sm: '20%' } }}>Took</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={row.key}>
            <TableCell component="th" scope="row">
              {row.label}
              <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
                {row.sentence}
              </Typography>
            </TableCell>
            <TableCell sx={onlyWide}>
              <Box aria-hidden sx={{ position: 'relative', height: 14, bgcolor: 'action.hover' }}>
                <Box
                  sx={{ position: 'absolute', height: 14, minWidth: 3, bgcolor: colourOf(row) }}
                  style={{ left: `${share(row.from)}%`, width: `${share(row.until) - share(row.from)}%` }}
                />
                {row.limit !== null && row.limit > 0 && row.from + row.limit * 1_000 <= first + whole && (
                  <Box
                    sx={{ position: 'absolute', height: 20, top: -3, width: 2, bgcolor: 'error.main' }}
                    style={{ left: `${share(row.from + row.limit * 1_000)}%` }}
                  />
                )}
              </Box>
            </TableCell>
            <TableCell>
              {spanWords(seconds(row.from, row.until))}
              {row.isOpen ? ' so far' : ''}
              {row.limit !== null && row.limit > 0 ? `, of ${spanWords(row.limit)}` : ''}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
};
