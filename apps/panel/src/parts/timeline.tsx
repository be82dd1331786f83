import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { PanelSpan } from '@horde/panel-api';
import { clockWords, momentWords, spanWords, zoneAt } from '../words.ts';
import { Sentence } from './sentence.tsx';

const colourOf = ({ kind, isOpen }: { kind: PanelSpan['kind']; isOpen: boolean }): string =>
  kind === 'wait' ? 'warning.main' : isOpen ? 'info.main' : 'primary.main';

/** A phone has no room for the bars. */
const onlyWide = { display: { xs: 'none', sm: 'table-cell' } } as const;

const seconds = (from: number, to: number): number => Math.max(0, to - from) / 1_000;

/** Empty for what took no time: the end of a job. */
function tookWords({ from, until, isOpen, limit }: Row): string {
  if (from === until) return '';
  const took = `${spanWords(seconds(from, until))}${isOpen ? ' so far' : ''}`;
  return limit !== null && limit > 0 ? `${took}, of ${spanWords(limit)}` : took;
}

interface Row {
  from: number;
  until: number;
  isOpen: boolean;
  limit: number | null;
}

/** What happened with a job, when and how long it took, each span to the same scale; a mark shows how long it may take. */
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
      started: span.from,
      key: `${span.kind} ${span.from} ${at}`,
      isOpen: span.until === null,
    }))
    .toSorted((one, other) => one.from - other.from);
  return (
    <Table size="small" aria-label="Timeline" sx={{ tableLayout: { sm: 'fixed' } }}>
      <TableHead>
        <TableRow>
          <TableCell sx={{ width: { sm: '7.5em' } }}>At, {zoneAt(new Date(first))}</TableCell>
          <TableCell sx={{ width: { sm: '42%' } }}>Stage</TableCell>
          <TableCell sx={onlyWide}>{whole > 1 ? `${spanWords(whole / 1_000)} in all` : 'To scale'}</TableCell>
          <TableCell sx={{ width: { sm: '20%' } }}>Took</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={row.key}>
            <TableCell>
              <time dateTime={row.started} title={momentWords(row.started)}>
                {clockWords(new Date(row.from))}
              </time>
            </TableCell>
            <TableCell component="th" scope="row">
              {row.label}
              <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
                <Sentence>{row.sentence}</Sentence>
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
            <TableCell>{tookWords(row)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
};
