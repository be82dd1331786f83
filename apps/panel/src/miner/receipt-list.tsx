import type { MinerReceipt } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { GrowingList } from '../parts/growing-list.tsx';
import { Hotkey } from '../parts/hotkey.tsx';
import { jobFilter } from '../parts/job-columns.tsx';
import { Moment } from '../parts/moment.tsx';
import { RecordLink } from '../parts/record-link.tsx';
import { roomy } from '../parts/roomy.ts';
import { receiptWord, receiptWords } from './job-receipts.tsx';

const types = ['started', 'accepted', 'finished'].map((id) => ({ id, name: id }));

const filters = [
  jobFilter,
  <SelectInput key="type" source="type" label="Receipt" choices={types} alwaysOn />,
  <TextInput key="validator" source="validator" label="Validator" alwaysOn />,
];

export const ReceiptList = () => (
  <GrowingList one="receipt" many="receipts" filters={filters}>
    <DataTable<MinerReceipt & { id: string }> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col
        source="job_uuid"
        label="Job"
        disableSort
        render={({ job_uuid }) => <RecordLink to={`/jobs/${job_uuid}/show`}>{job_uuid}</RecordLink>}
      />
      <DataTable.Col source="receipt_type" label="Receipt" disableSort render={receiptWord} />
      <DataTable.Col
        source="stored_at"
        label="Stored"
        sx={roomy}
        disableSort
        render={({ stored_at }) => <Moment time={stored_at} />}
      />
      <DataTable.Col
        source="validator_hotkey"
        label="Validator"
        sx={roomy}
        disableSort
        render={(receipt) => <Hotkey address={receipt.validator_hotkey} />}
      />
      <DataTable.Col source="page" sx={roomy} disableSort render={({ page }) => page ?? 'none'} />
      <DataTable.Col source="score" label="What it says" disableSort render={receiptWords} />
    </DataTable>
  </GrowingList>
);
