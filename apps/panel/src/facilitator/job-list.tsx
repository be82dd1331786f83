import type { PanelJob } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { statusChoices } from '../parts/choices.ts';
import { GrowingList } from '../parts/growing-list.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { jobColumns, jobFilter } from '../parts/job-columns.tsx';
import { Moment } from '../parts/moment.tsx';
import { roomy, veryRoomy } from '../parts/roomy.ts';

const filters = [
  jobFilter,
  <SelectInput key="status" source="status" label="Status" choices={statusChoices} alwaysOn />,
  <TextInput key="hotkey" source="hotkey" label="User" alwaysOn />,
  <TextInput key="validator" source="validator" label="Validator" alwaysOn />,
];

export const JobList = () => (
  <GrowingList one="job" many="jobs" filters={filters}>
    <DataTable<PanelJob & { id: string }> rowClick="show" bulkActionButtons={false} expandSingle={false}>
      {jobColumns}
      <DataTable.Col
        source="created_at"
        label="Created"
        disableSort
        render={(job) => <Moment time={job.created_at} />}
      />
      <DataTable.Col
        source="hotkey"
        label="User"
        sx={roomy}
        disableSort
        render={({ hotkey }) => <Hotkey address={hotkey} />}
      />
      <DataTable.Col
        source="target_validator_hotkey"
        label="Validator"
        sx={roomy}
        disableSort
        render={(job) => <Hotkey address={job.target_validator_hotkey} />}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
      <DataTable.Col
        source="docker_image"
        label="Image"
        sx={{ ...roomy, minWidth: '10em', overflowWrap: 'anywhere' }}
        disableSort
      />
      <DataTable.Col source="tag" sx={{ ...veryRoomy, overflowWrap: 'anywhere' }} disableSort />
    </DataTable>
  </GrowingList>
);
