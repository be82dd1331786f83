import { Typography } from '@mui/material';
import type { ValidatorReceipt } from '@horde/panel-api';
import { FactsTable } from '../../parts/facts-table.tsx';
import { Hotkey } from '../../parts/hotkey.tsx';
import { Moment } from '../../parts/moment.tsx';

const columns = ['Receipt', 'Miner', 'Made', 'Signed by the miner', 'Score', 'Paid by blocks'];

/** What this validator has signed about a job, and its miners too. */
export const Receipts = ({ receipts }: { receipts: ValidatorReceipt[] }) => {
  if (receipts.length === 0) return <Typography variant="body2">There is none.</Typography>;
  const rows = receipts.map((receipt) => ({
    key: `${receipt.job_uuid} ${receipt.type}`,
    cells: [
      receipt.type.replace(/^Job|Receipt$/g, '').toLowerCase(),
      <Hotkey key="" address={receipt.miner_hotkey} />,
      <Moment key="" time={receipt.timestamp} />,
      receipt.is_countersigned ? 'yes' : 'not seen yet',
      receipt.score === null ? '' : `${receipt.score} s`,
      receipt.block_numbers?.join(', ') ?? '',
    ],
  }));
  return <FactsTable name="Receipts" columns={columns} rows={rows} />;
};
