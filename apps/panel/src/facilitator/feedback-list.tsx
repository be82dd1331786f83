import type { PanelFeedback } from '@horde/panel-api';
import { DataTable } from 'react-admin';
import { GrowingList } from '../parts/growing-list.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { Moment } from '../parts/moment.tsx';
import { RecordLink } from '../parts/record-link.tsx';
import { roomy } from '../parts/roomy.ts';
import { spanWords } from '../words.ts';

type Row = PanelFeedback & { id: string };

/** What users say of how their jobs went. */
export const FeedbackList = () => (
  <GrowingList one="opinion" many="opinions">
    <DataTable<Row> rowClick={(id) => `/jobs/${id}/show`} bulkActionButtons={false}>
      <DataTable.Col
        source="at"
        label="When"
        sx={roomy}
        disableSort
        render={({ at }) => <Moment time={at} />}
      />
      <DataTable.Col
        source="job_uuid"
        label="Job"
        disableSort
        render={({ job_uuid }) => <RecordLink to={`/jobs/${job_uuid}/show`}>{job_uuid}</RecordLink>}
      />
      <DataTable.Col
        source="result_correctness"
        label="Right, says its user"
        disableSort
        render={({ result_correctness }) => `${Math.round(result_correctness * 100)} %`}
      />
      <DataTable.Col
        source="took"
        label="Took"
        sx={roomy}
        disableSort
        render={({ took }) => spanWords(took)}
      />
      <DataTable.Col
        source="expected_duration"
        label="Its user expected"
        sx={roomy}
        disableSort
        render={({ expected_duration }) => (expected_duration === null ? '' : spanWords(expected_duration))}
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
        render={(row) => <Hotkey address={row.target_validator_hotkey} />}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
    </DataTable>
  </GrowingList>
);
