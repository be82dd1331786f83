import type { PanelManifestChange } from '@horde/panel-api';
import { DataTable, NumberInput, SelectInput, TextInput } from 'react-admin';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';
import { classChoices } from '../choices.ts';
import { GrowingList } from '../../parts/growing-list.tsx';
import { MinerLink } from '../links.tsx';

const changes = [
  { id: 'drop', name: 'Drops' },
  { id: 'other', name: 'Others' },
];

const filters = [
  <TextInput key="miner" source="miner" label="Miner" alwaysOn />,
  <SelectInput key="class" source="executor_class" label="Class" choices={classChoices} alwaysOn />,
  <SelectInput key="change" source="change" label="Change" choices={changes} alwaysOn />,
  <NumberInput key="from" source="from_block" label="From block" min={0} alwaysOn />,
  <NumberInput key="to" source="to_block" label="To block" min={0} alwaysOn />,
];

export const ManifestList = () => (
  <GrowingList
    says="How many executors miners have offered, from which block on; with a drop what older blocks gave is lost."
    one="change"
    many="changes"
    filters={filters}
  >
    <DataTable<PanelManifestChange> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col source="block" sx={roomy} disableSort />
      <DataTable.Col
        source="at"
        label="When"
        sx={roomy}
        disableSort
        render={({ at }) => (at ? <Moment time={at} /> : 'its block is not kept any more')}
      />
      <DataTable.Col
        source="miner_hotkey"
        label="Miner"
        disableSort
        render={({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />}
      />
      <DataTable.Col source="executor_class" label="Class" disableSort />
      <DataTable.Col
        source="count"
        label="Executors"
        disableSort
        render={({ before, count }) => (before === null ? String(count) : `${before} before, ${count} now`)}
      />
      <DataTable.Col
        source="is_drop"
        label="Change"
        disableSort
        render={({ is_drop }) => (is_drop ? 'a drop' : 'no drop')}
      />
    </DataTable>
  </GrowingList>
);
