import type { PanelSystemEvent } from '@horde/panel-api';
import { DataTable, DateTimeInput, SelectInput, TextInput } from 'react-admin';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';
import { eventChoices } from '../choices.ts';
import { GrowingList } from '../../parts/growing-list.tsx';
import { EventData } from './event-data.tsx';

/** What is typed is of the reader's time zone. */
const moment = (typed: string) => (typed ? new Date(typed).toISOString() : '');

const filters = [
  <SelectInput key="type" source="type" label="Type" choices={eventChoices} alwaysOn />,
  <TextInput key="subtype" source="subtype" label="Subtype" alwaysOn />,
  <DateTimeInput key="after" source="after" label="From" parse={moment} alwaysOn />,
  <DateTimeInput key="before" source="before" label="Before" parse={moment} alwaysOn />,
];

export const EventList = () => (
  <GrowingList
    says="What happened to this validator in the last two days, as it is also told to the collector of statistics."
    one="event"
    many="events"
    filters={filters}
  >
    <DataTable<PanelSystemEvent> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col source="at" label="When" disableSort render={({ at }) => <Moment time={at} />} />
      <DataTable.Col source="type" sx={{ ...roomy, overflowWrap: 'anywhere', minWidth: '9em' }} disableSort />
      <DataTable.Col
        source="subtype"
        sx={{ ...roomy, overflowWrap: 'anywhere', minWidth: '9em' }}
        disableSort
      />
      <DataTable.Col
        source="description"
        label="What happened"
        disableSort
        sx={{ overflowWrap: 'anywhere', minWidth: '10em' }}
      />
      <DataTable.Col source="data" sx={roomy} disableSort render={({ data }) => <EventData data={data} />} />
      <DataTable.Col
        source="sent_at"
        label="Sent"
        sx={roomy}
        disableSort
        render={({ sent_at }) => (sent_at ? <Moment time={sent_at} /> : 'not yet')}
      />
    </DataTable>
  </GrowingList>
);
