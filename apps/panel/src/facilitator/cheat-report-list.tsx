import type { PanelCheatReport } from '@horde/panel-api';
import { DataTable } from 'react-admin';
import { GrowingList } from '../parts/growing-list.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { Moment } from '../parts/moment.tsx';
import { RecordLink } from '../parts/record-link.tsx';
import { roomy, veryRoomy } from '../parts/roomy.ts';

type Row = PanelCheatReport & { id: string };

/** What users report of wrong results. */
export const CheatReportList = () => (
  <GrowingList
    says="Jobs whose results differ from those of the same jobs on the trusted miner, as their users say."
    one="report"
    many="reports"
  >
    <DataTable<Row> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col
        source="at"
        sx={roomy}
        label="When"
        disableSort
        render={({ at }) => <Moment time={at} />}
      />
      <DataTable.Col
        source="job_uuid"
        label="Job"
        disableSort
        render={({ job_uuid }) => <Job uuid={job_uuid} />}
      />
      <DataTable.Col
        source="trusted_job_uuid"
        label="The same, on the trusted miner"
        disableSort
        render={({ trusted_job_uuid }) => <Job uuid={trusted_job_uuid} />}
      />
      <DataTable.Col
        source="hotkey"
        label="User"
        disableSort
        render={({ hotkey }) => <Hotkey address={hotkey} />}
      />
      <DataTable.Col
        source="target_validator_hotkey"
        sx={veryRoomy}
        label="Validator"
        disableSort
        render={(row) => <Hotkey address={row.target_validator_hotkey} />}
      />
      <DataTable.Col source="executor_class" sx={veryRoomy} label="Class" disableSort />
      <DataTable.Col
        source="details"
        label="What the user says"
        disableSort
        sx={{ overflowWrap: 'anywhere', minWidth: '11em' }}
      />
      <DataTable.Col
        source="is_delivered"
        sx={roomy}
        label="Told"
        disableSort
        render={({ is_delivered }) => (is_delivered ? 'its validator has it' : 'not yet')}
      />
    </DataTable>
  </GrowingList>
);

const Job = ({ uuid }: { uuid: string }) => <RecordLink to={`/jobs/${uuid}/show`}>{uuid}</RecordLink>;
