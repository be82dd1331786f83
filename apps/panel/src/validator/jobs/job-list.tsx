import type { ValidatorJob } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { statusChoices } from '../../parts/choices.ts';
import { GrowingList } from '../../parts/growing-list.tsx';
import { Hotkey } from '../../parts/hotkey.tsx';
import { jobColumns, jobFilter } from '../../parts/job-columns.tsx';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';

const filters = [
  jobFilter,
  <SelectInput key="status" source="status" label="Status" choices={statusChoices} alwaysOn />,
  <TextInput key="hotkey" source="hotkey" label="Signed by" alwaysOn />,
  <TextInput key="miner" source="miner" label="Miner" alwaysOn />,
];

export const JobList = () => (
  <GrowingList one="job" many="jobs" filters={filters}>
    <DataTable<ValidatorJob & { id: string }> rowClick="show" bulkActionButtons={false} expandSingle={false}>
      {jobColumns}
      <DataTable.Col
        source="received_at"
        label="Received"
        disableSort
        render={(job) => <Moment time={job.received_at} />}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
      <DataTable.Col
        source="signatory"
        label="Signed by"
        sx={roomy}
        disableSort
        render={({ signatory }) => (signatory === null ? 'nobody' : <Hotkey address={signatory} />)}
      />
      <DataTable.Col
        source="miner_hotkey"
        label="Miner"
        sx={roomy}
        disableSort
        render={({ miner_hotkey }) =>
          miner_hotkey === null ? 'none yet' : <Hotkey address={miner_hotkey} />
        }
      />
      <DataTable.NumberCol source="attempts" sx={roomy} disableSort />
    </DataTable>
  </GrowingList>
);
