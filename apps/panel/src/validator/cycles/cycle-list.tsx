import { Typography } from '@mui/material';
import type { PanelCycle } from '@horde/panel-api';
import { DataTable, Link, List, useListContext } from 'react-admin';
import { useLive } from '../../parts/live/use-live.ts';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';

type Row = PanelCycle & { id: string };

export const CycleList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    sort={{ field: 'cycle_start', order: 'DESC' }}
    empty={false}
    actions={<Newest />}
  >
    <DataTable<Row> rowClick="show" bulkActionButtons={false}>
      <DataTable.Col
        source="cycle_start"
        label="Blocks"
        render={({ cycle_start, cycle_end }) => (
          <Link to={`/cycles/${cycle_start}/show`}>{`${cycle_start} to ${cycle_end - 1}`}</Link>
        )}
      />
      <DataTable.Col source="state" />
      <DataTable.Col
        source="sentence"
        label="How it stands"
        sx={{ overflowWrap: 'anywhere', minWidth: '10em' }}
        disableSort
      />
      <DataTable.Col
        source="window_from"
        label="Handed in from block"
        sx={roomy}
        render={({ window_from, window_until }) => `${window_from} to ${window_until - 1}`}
      />
      <DataTable.Col
        source="computed_at"
        label="Computed"
        sx={roomy}
        render={(row) => <Moment time={row.computed_at} />}
      />
      <DataTable.NumberCol source="attempts" label="Times handed in" sx={roomy} />
      <DataTable.Col source="confirmed_block" label="On the chain since block" sx={roomy} />
    </DataTable>
  </List>
);

/** How the newest cycle stands. */
const Newest = () => {
  const { data, sort, page } = useListContext<Row>();
  if (!data || page !== 1 || sort.field !== 'cycle_start' || sort.order !== 'DESC') return null;
  return (
    <Typography role="status" sx={{ py: 2, mr: 'auto' }}>
      {data[0]?.sentence ?? 'No cycle has ended yet whose weights are to be handed in.'}
    </Typography>
  );
};
