import { DataTable, TextInput } from 'react-admin';
import { RecordLink } from './record-link.tsx';
import { StatusChip } from './status-chip.tsx';

/** What each face's list of jobs begins with: which job, and where it is. */
export const jobColumns = [
  <DataTable.Col
    key="uuid"
    source="uuid"
    label="Job"
    disableSort
    render={({ uuid }) => <RecordLink to={`/jobs/${uuid}/show`}>{uuid}</RecordLink>}
  />,
  <DataTable.Col
    key="status"
    source="status"
    disableSort
    render={({ status, status_label }) => <StatusChip status={status} label={status_label} />}
  />,
];

/** The filter that lists of jobs, and of what belongs to one, have first. */
export const jobFilter = <TextInput key="uuid" source="uuid_prefix" label="Job begins with" alwaysOn />;
