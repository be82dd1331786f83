import type { PanelReceipt } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { Hotkey } from '../../parts/hotkey.tsx';
import { Moment } from '../../parts/moment.tsx';
import { receiptChoices } from '../choices.ts';
import { GrowingList } from '../../parts/growing-list.tsx';
import { MinerLink } from '../links.tsx';

const filters = [
  <TextInput key="job" source="job" label="Job" alwaysOn />,
  <TextInput key="miner" source="miner" label="Miner" alwaysOn />,
  <SelectInput key="kind" source="kind" label="Kind" choices={receiptChoices} alwaysOn />,
];

export const ReceiptList = () => (
  <GrowingList
    says="What validators and miners have signed about jobs; finished jobs are scored by it."
    one="receipt"
    many="receipts"
    filters={filters}
  >
    <DataTable<PanelReceipt> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col
        source="timestamp"
        label="Signed"
        disableSort
        render={({ timestamp }) => <Moment time={timestamp} />}
      />
      <DataTable.Col source="kind" disableSort />
      <DataTable.Col
        source="job_uuid"
        label="Job"
        disableSort
        render={({ job_uuid }) => <code>{job_uuid}</code>}
      />
      <DataTable.Col
        source="miner_hotkey"
        label="Miner"
        disableSort
        render={({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />}
      />
      <DataTable.Col
        source="validator_hotkey"
        label="Validator"
        disableSort
        render={(receipt) => (receipt.is_own ? 'this one' : <Hotkey address={receipt.validator_hotkey} />)}
      />
      <DataTable.Col
        source="is_countersigned"
        label="Miner's signature"
        disableSort
        render={({ is_countersigned }) => (is_countersigned ? 'known' : 'not seen yet')}
      />
      <DataTable.Col source="executor_class" label="Class" disableSort />
      <DataTable.Col source="score" label="Executor-seconds" disableSort />
      <DataTable.Col source="blocks" label="Paid with blocks" disableSort />
    </DataTable>
  </GrowingList>
);
