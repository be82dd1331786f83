import type { PanelValidator } from '@horde/panel-api';
import { DataTable, List } from 'react-admin';
import { Moment } from '../parts/moment.tsx';

type Row = PanelValidator & { id: string };

export const stateWords = ({ connected, active, pinned }: PanelValidator): string =>
  `${connected ? 'connected' : active ? 'away' : 'not on the chain'}${pinned ? ', added by hand' : ''}`;

export const ValidatorList = () => (
  <List exporter={false} queryOptions={{ refetchInterval: 5_000 }} empty={false}>
    <DataTable<Row> rowClick="show" bulkActionButtons={false}>
      <DataTable.Col source="hotkey" label="Validator" render={({ hotkey }) => <code>{hotkey}</code>} />
      <DataTable.Col source="connected" label="State" render={stateWords} />
      <DataTable.Col source="last_seen" label="Last seen" render={(row) => <Moment time={row.last_seen} />} />
      <DataTable.NumberCol source="unfinished_jobs" label="Unfinished jobs" />
      <DataTable.Col source="version" />
      <DataTable.Col source="extensions" disableSort render={({ extensions }) => extensions.join(', ')} />
    </DataTable>
  </List>
);
