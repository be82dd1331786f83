import type { MinerJob } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { GrowingList } from '../parts/growing-list.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { jobColumns, jobFilter } from '../parts/job-columns.tsx';
import { Moment } from '../parts/moment.tsx';
import { roomy } from '../parts/roomy.ts';

const states = [
  { id: 'going_on', name: 'Going on' },
  { id: 'completed', name: 'Completed' },
  { id: 'rejected', name: 'Declined' },
  { id: 'failed', name: 'Failed' },
  { id: 'horde_failed', name: 'Failed, by the network' },
];

const filters = [
  jobFilter,
  <SelectInput key="status" source="status" label="Status" choices={states} alwaysOn />,
  <TextInput key="validator" source="validator" label="Validator" alwaysOn />,
  <TextInput key="class" source="executor_class" label="Class" alwaysOn />,
];

export const JobList = () => (
  <GrowingList one="job" many="jobs" filters={filters}>
    <DataTable<MinerJob & { id: string }> rowClick="show" bulkActionButtons={false} expandSingle={false}>
      {jobColumns}
      <DataTable.Col
        source="accepted_at"
        label="Asked for"
        disableSort
        render={(job) => <Moment time={job.accepted_at} />}
      />
      <DataTable.Col
        source="validator_hotkey"
        label="Validator"
        sx={roomy}
        disableSort
        render={(job) => <Hotkey address={job.validator_hotkey} />}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
      <DataTable.Col source="host" sx={roomy} disableSort render={({ host }) => host ?? 'none'} />
    </DataTable>
  </GrowingList>
);
