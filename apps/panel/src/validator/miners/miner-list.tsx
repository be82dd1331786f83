import type { ValidatorMiner } from '@horde/panel-api';
import { DataTable, List } from 'react-admin';
import { ListSentence, ofPage } from '../../parts/list-sentence.tsx';
import { useLive } from '../../parts/live/use-live.ts';
import { RecordLink } from '../../parts/record-link.tsx';
import { roomy } from '../../parts/roomy.ts';

type Row = ValidatorMiner & { id: string };

const offers = ({ standings }: Row): string =>
  standings
    .map(({ executor_class, offered, busy }) => `${executor_class}: ${busy} of ${offered} busy`)
    .join(', ') || 'nothing';

const incidents = ({ standings }: Row): number => standings.reduce((sum, one) => sum + one.incidents, 0);

export const MinerList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    perPage={50}
    empty={false}
    actions={<ListSentence sentenceOf={sentenceOf} />}
  >
    <DataTable<Row> rowClick="show" bulkActionButtons={false}>
      <DataTable.NumberCol source="uid" label="UID" sx={roomy} />
      <DataTable.Col
        source="hotkey"
        label="Miner"
        render={({ hotkey }) => <RecordLink to={`/miners/${hotkey}/show`}>{hotkey}</RecordLink>}
      />
      <DataTable.Col
        source="is_eligible"
        sx={roomy}
        label="Gets a job now"
        render={(row) => (row.is_eligible ? 'yes' : 'no')}
      />
      <DataTable.Col source="sentence" label="Why" sx={{ minWidth: '12em' }} disableSort />
      <DataTable.Col label="Offers" sx={roomy} render={offers} />
      <DataTable.Col label="Incidents that count" sx={roomy} render={incidents} />
      <DataTable.Col source="address" sx={roomy} render={({ address }) => address ?? 'not on the chain'} />
    </DataTable>
  </List>
);

const sentenceOf = (miners: Row[], total: number): string => {
  if (total === 0) return 'No miner of the subnet is known yet.';
  const free = miners.filter(({ is_eligible }) => is_eligible).length;
  return `${free} of ${ofPage(miners, total, 'miner', 'miners')} could get a job now.`;
};
