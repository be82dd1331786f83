import { Box, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import type { MinerReceipt } from '@horde/panel-api';
import { Moment } from '../parts/moment.tsx';
import { spanWords } from '../words.ts';

/** `started`, `accepted` or `finished`. */
export const receiptWord = ({ receipt_type }: MinerReceipt): string =>
  receipt_type.replace(/^Job|Receipt$/g, '').toLowerCase();

/** What a receipt says beyond that it is there. */
export function receiptWords({ ttl, is_organic, score }: MinerReceipt): string {
  if (score !== null) return `earned ${spanWords(Number(score))} of an executor`;
  if (ttl === null) return '';
  return `${is_organic ? 'organic' : 'synthetic'}, excuses a busy miner for ${spanWords(ttl)}`;
}

/** The receipts of a job, in the order in which they came. */
export const JobReceipts = ({ receipts }: { receipts: MinerReceipt[] }) => {
  if (receipts.length === 0) return <Typography variant="body2">There is none.</Typography>;
  return (
    <Box sx={{ overflowX: 'auto' }}>
      <Table size="small" aria-label="Receipts">
        <TableHead>
          <TableRow>
            <TableCell>Receipt</TableCell>
            <TableCell>Signed for</TableCell>
            <TableCell>Stored</TableCell>
            <TableCell>Page</TableCell>
            <TableCell>What it says</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {receipts.map((receipt) => (
            <TableRow key={receipt.receipt_type}>
              <TableCell component="th" scope="row">
                {receiptWord(receipt)}
              </TableCell>
              <TableCell>
                <Moment time={receipt.timestamp} />
              </TableCell>
              <TableCell>
                <Moment time={receipt.stored_at} />
              </TableCell>
              <TableCell>{receipt.page ?? 'none'}</TableCell>
              <TableCell>{receiptWords(receipt)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
};
