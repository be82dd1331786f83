import { Typography } from '@mui/material';
import type { PanelAccount, PanelAllowance } from '@horde/panel-api';
import { useQuery } from '@tanstack/react-query';
import { DataTable, Link, List } from 'react-admin';
import { ask } from '../../api.ts';
import { useLive } from '../../parts/live/use-live.ts';
import { roomy } from '../../parts/roomy.ts';
import { wholeList, type Source } from '../../sources.ts';
import { filteredPath, MinerLink } from '../links.tsx';

/** The accounts; a miner has one for each executor class. */
export const allowance: Source = wholeList('allowance', { id: 'id' });

const amount = (seconds: number) => Math.floor(seconds).toLocaleString();

export const AllowanceList = () => {
  const refetchInterval = useLive();
  const { data } = useQuery({
    queryKey: ['allowance', 'sentence'],
    queryFn: () => ask<PanelAllowance>('allowance'),
    refetchInterval,
  });
  return (
    <>
      <Typography role="status" sx={{ mt: 2 }}>
        {data ? `${data.sentence} Blocks ${data.first_block} to ${data.last_block} count now.` : 'Loading …'}
      </Typography>
      <List
        exporter={false}
        queryOptions={{ refetchInterval }}
        sort={{ field: 'available', order: 'DESC' }}
        empty={false}
      >
        <DataTable<PanelAccount & { id: string }> rowClick={false} bulkActionButtons={false}>
          <DataTable.Col
            source="miner_hotkey"
            label="Miner"
            render={({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />}
          />
          <DataTable.Col source="executor_class" label="Class" />
          <DataTable.NumberCol source="offered" label="Executors" sx={roomy} />
          <DataTable.Col source="total" label="Given, s" sx={roomy} render={({ total }) => amount(total)} />
          <DataTable.Col source="spent" label="Spent, s" sx={roomy} render={({ spent }) => amount(spent)} />
          <DataTable.Col
            source="reserved"
            label="Reserved, s"
            sx={roomy}
            render={({ reserved }) => amount(reserved)}
          />
          <DataTable.Col source="available" label="Can be spent, s" render={(one) => amount(one.available)} />
          <DataTable.Col
            label="Bookings"
            sx={roomy}
            render={({ miner_hotkey }) => (
              <Link to={filteredPath('bookings', { miner: miner_hotkey })}>its bookings</Link>
            )}
          />
        </DataTable>
      </List>
    </>
  );
};
