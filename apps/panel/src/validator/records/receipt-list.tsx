import type { PanelReceipt } from '@horde/panel-api';
import { DataTable, SelectInput, TextInput } from 'react-admin';
import { Hotkey } from '../../parts/hotkey.tsx';
import { Moment } from '../../parts/moment.tsx';
import { LongName } from '../../parts/record-link.tsx';
import { roomy } from '../../parts/roomy.ts';
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
        render={({ job_uuid }) => <LongName>{job_uuid}</LongName>}
      />
      <DataTable.Col
        source="miner_hotkey"
        label="Miner"
        sx={roomy}
        disableSort
        render={({ miner_hotkey }) => <MinerLink hotkey={miner_hotkey} />}
      />
      <DataTable.Col
        source="validator_hotkey"
        label="Validator"
        sx={roomy}
        disableSort
        render={(receipt) => (receipt.is_own ? 'this one' : <Hotkey address={receipt.validator_hotkey} />)}
      />
      <DataTable.Col
        source="is_countersigned"
        label="Miner's signature"
        sx={roomy}
        disableSort
        render={({ is_countersigned }) => (is_countersigned ? 'known' : 'not seen yet')}
      />
      <DataTable.Col source="executor_class" label="Class" sx={roomy} disableSort />
      <DataTable.Col source="score" label="Executor-seconds" sx={roomy} disableSort />
      <DataTable.Col source="blocks" label="Paid with blocks" sx={roomy} disableSort />
    </DataTable>
  </GrowingList>
);
