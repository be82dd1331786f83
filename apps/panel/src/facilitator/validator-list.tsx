import type { PanelValidator } from '@horde/panel-api';
import { DataTable, List } from 'react-admin';
import { ListSentence, ofPage } from '../parts/list-sentence.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { Moment } from '../parts/moment.tsx';
import { RecordLink } from '../parts/record-link.tsx';
import { roomy } from '../parts/roomy.ts';

type Row = PanelValidator & { id: string };

export const stateWords = ({ connected, active, pinned }: PanelValidator): string =>
  `${connected ? 'connected' : active ? 'away' : 'not on the chain'}${pinned ? ', added by hand' : ''}`;

const sentenceOf = (validators: Row[], total: number): string => {
  if (total === 0)
    return 'No validator of the subnet is known yet: sync_metagraph reads them from the chain.';
  const connected = validators.filter((one) => one.connected).length;
  return `${connected} of ${ofPage(validators, total, 'validator', 'validators')} ${connected === 1 ? 'is' : 'are'} connected.`;
};

export const ValidatorList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    empty={false}
    actions={<ListSentence sentenceOf={sentenceOf} />}
  >
    <DataTable<Row> rowClick="show" bulkActionButtons={false}>
      <DataTable.Col
        source="hotkey"
        label="Validator"
        render={({ hotkey }) => <RecordLink to={`/validators/${hotkey}/show`}>{hotkey}</RecordLink>}
      />
      <DataTable.Col source="connected" label="State" render={stateWords} />
      <DataTable.Col
        source="last_seen"
        label="Last seen"
        sx={roomy}
        render={(row) => <Moment time={row.last_seen} />}
      />
      <DataTable.NumberCol source="unfinished_jobs" label="Unfinished jobs" sx={roomy} />
      <DataTable.Col source="version" sx={roomy} />
      <DataTable.Col
        source="extensions"
        sx={roomy}
        disableSort
        render={({ extensions }) => extensions.join(', ')}
      />
    </DataTable>
  </List>
);
