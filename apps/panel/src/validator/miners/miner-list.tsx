import { Typography } from '@mui/material';
import type { ValidatorMiner } from '@horde/panel-api';
import { DataTable, List, useListContext } from 'react-admin';
import { useLive } from '../../parts/live/use-live.ts';

type Row = ValidatorMiner & { id: string };

const offers = ({ standings }: Row): string =>
  standings
    .map(({ executor_class, offered, busy }) => `${executor_class}: ${busy} of ${offered} busy`)
    .join(', ') || 'nothing';

const incidents = ({ standings }: Row): number => standings.reduce((sum, one) => sum + one.incidents, 0);

export const MinerList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    perPage={50}
    empty={false}
    actions={<Sentence />}
  >
    <DataTable<Row> rowClick="show" bulkActionButtons={false}>
      <DataTable.NumberCol source="uid" label="UID" />
      <DataTable.Col source="hotkey" label="Miner" render={({ hotkey }) => <code>{hotkey}</code>} />
      <DataTable.Col
        source="is_eligible"
        label="Gets a job now"
        render={(row) => (row.is_eligible ? 'yes' : 'no')}
      />
      <DataTable.Col source="sentence" label="Why" disableSort />
      <DataTable.Col label="Offers" render={offers} />
      <DataTable.Col label="Incidents that count" render={incidents} />
      <DataTable.Col source="address" render={({ address }) => address ?? 'not on the chain'} />
    </DataTable>
  </List>
);

const Sentence = () => {
  const { data, total } = useListContext<Row>();
  if (!data) return null;
  const free = data.filter(({ is_eligible }) => is_eligible).length;
  return (
    <Typography role="status" sx={{ py: 2, mr: 'auto' }}>
      {total === 0
        ? 'No miner of the subnet is known yet.'
        : `${free} of ${data.length} ${data.length === total ? 'miners' : 'miners on this page'} could get a job now.`}
    </Typography>
  );
};
