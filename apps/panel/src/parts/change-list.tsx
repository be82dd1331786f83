import type { PanelChanges } from '@horde/panel-api';
import { DataTable } from 'react-admin';
import { GrowingList } from './growing-list.tsx';
import { Moment } from './moment.tsx';
import { roomy } from './roomy.ts';

const facts = (value: object | null): string =>
  value === null
    ? 'nothing'
    : Object.entries(value)
        .map(([name, fact]) => `${name.replaceAll('_', ' ')}: ${factWords(fact)}`)
        .join(', ');

const factWords = (fact: unknown): string =>
  fact === null ? 'none' : typeof fact === 'string' ? fact : JSON.stringify(fact);

/** Who has changed what. */
export const ChangeList = () => (
  <GrowingList
    says="What operators have changed in this service, in the panel and by commands."
    one="change"
    many="changes"
  >
    <DataTable<PanelChanges['results'][number]> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col source="at" label="When" disableSort render={({ at }) => <Moment time={at} />} />
      <DataTable.Col source="by" label="Who" disableSort render={({ by }) => by ?? 'a command'} />
      <DataTable.Col source="action" label="What" disableSort />
      <DataTable.Col
        source="subject"
        label="Of"
        disableSort
        sx={{ overflowWrap: 'anywhere', minWidth: '12em' }}
        render={({ subject }) => <code>{subject}</code>}
      />
      <DataTable.Col source="before" sx={roomy} disableSort render={({ before }) => facts(before)} />
      <DataTable.Col
        source="after"
        label="After"
        sx={roomy}
        disableSort
        render={({ after }) => facts(after)}
      />
    </DataTable>
  </GrowingList>
);
