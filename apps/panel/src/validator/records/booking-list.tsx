import type { PanelBooking } from '@horde/panel-api';
import { DataTable, NumberInput, SelectInput, TextInput } from 'react-admin';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';
import { GrowingList } from '../../parts/growing-list.tsx';
import { JobLink, MinerLink } from '../links.tsx';

const states = [
  { id: 'reserved', name: 'Reserved' },
  { id: 'spent', name: 'Spent' },
  { id: 'over', name: 'Over' },
];
const words = { reserved: 'reserved', spent: 'spent', over: 'over: its blocks are free' };

const filters = [
  <TextInput key="miner" source="miner" label="Miner" alwaysOn />,
  <SelectInput key="state" source="state" label="State" choices={states} alwaysOn />,
  <NumberInput key="block" source="block" label="Has block" min={0} alwaysOn />,
  <TextInput key="job" source="job" label="Job" alwaysOn />,
];

export const BookingList = () => (
  <GrowingList
    says="Blocks of miners' allowance that are kept for a job, or have paid for it."
    one="booking"
    many="bookings"
    filters={filters}
  >
    <DataTable<PanelBooking> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col
        source="created_at"
        label="Booked"
        sx={roomy}
        disableSort
        render={({ created_at }) => <Moment time={created_at} />}
      />
      <DataTable.Col
        source="job_uuid"
        label="Job"
        disableSort
        render={({ job_uuid }) => <JobLink uuid={job_uuid} />}
      />
      <DataTable.Col
        source="miner_hotkey"
        label="Miner"
        disableSort
        render={({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
      <DataTable.Col
        source="state"
        disableSort
        render={({ state }) => words[state as PanelBooking['state']]}
      />
      <DataTable.NumberCol source="seconds" label="Executor-seconds" sx={roomy} disableSort />
      <DataTable.Col
        source="blocks"
        sx={roomy}
        disableSort
        render={({ blocks, block_count }) => (blocks === null ? 'none' : `${blocks} (${block_count})`)}
      />
      <DataTable.Col
        source="expires_at"
        label="Kept until"
        sx={roomy}
        disableSort
        render={({ expires_at }) => (expires_at === null ? 'for good' : <Moment time={expires_at} />)}
      />
    </DataTable>
  </GrowingList>
);
