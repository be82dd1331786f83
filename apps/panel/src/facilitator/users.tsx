import type { PanelUser } from '@horde/panel-api';
import {
  Create,
  DataTable,
  Edit,
  List,
  NumberInput,
  required,
  SimpleForm,
  TextInput,
  minValue,
} from 'react-admin';
import { AddButton } from '../parts/add-button.tsx';
import { ListSentence, ofPage } from '../parts/list-sentence.tsx';
import { useLive } from '../parts/live/use-live.ts';
import { Moment } from '../parts/moment.tsx';
import { RecordLink } from '../parts/record-link.tsx';
import { roomy } from '../parts/roomy.ts';

export const limitWords = (most: number | null): string =>
  most === null ? 'as the settings say' : most === 0 ? 'any number' : most.toLocaleString();

/** More of a user's jobs are not counted. */
const countedJobs = 1_000;

export const countWords = (jobs: number): string =>
  jobs < countedJobs ? String(jobs) : `${countedJobs.toLocaleString()} or more`;

const sentenceOf = (users: (PanelUser & { id: string })[], total: number): string => {
  if (total === 0) return 'Nobody may use this facilitator yet.';
  const whitelisted = users.filter(({ since }) => since !== null).length;
  return `${whitelisted} of ${ofPage(users, total, 'user', 'users')} may use this facilitator.`;
};

/** Who may use the facilitator, which is ComputeHorde's hotkey whitelist, and behind them who could once. */
export const UserList = () => (
  <List
    exporter={false}
    queryOptions={{ refetchInterval: useLive() }}
    empty={false}
    actions={
      <>
        <ListSentence sentenceOf={sentenceOf} />
        <AddButton label="Let a user in" />
      </>
    }
  >
    <DataTable<PanelUser & { id: string }> rowClick="show" bulkActionButtons={false}>
      <DataTable.Col
        source="hotkey"
        label="User"
        render={({ hotkey }) => <RecordLink to={`/whitelist/${hotkey}/show`}>{hotkey}</RecordLink>}
      />
      <DataTable.Col
        source="since"
        label="On the whitelist since"
        sx={roomy}
        render={({ since }) => (since === null ? 'no longer' : <Moment time={since} />)}
      />
      <DataTable.NumberCol source="unfinished_jobs" label="Unfinished jobs" sx={roomy} />
      <DataTable.NumberCol
        source="recent_jobs"
        label="Jobs in 24 h"
        render={({ recent_jobs }) => countWords(recent_jobs)}
      />
      <DataTable.NumberCol source="recent_failures" label="Failed of them" />
      <DataTable.Col
        source="last_job_at"
        label="Last job"
        sx={roomy}
        render={({ last_job_at }) => <Moment time={last_job_at} />}
      />
      <DataTable.Col
        source="max_unfinished_jobs"
        label="May have unfinished"
        sx={roomy}
        render={(user) => (user.since === null ? 'none' : limitWords(user.max_unfinished_jobs))}
      />
      <DataTable.Col
        source="max_creations_per_minute"
        label="May create a minute"
        sx={roomy}
        render={(user) => (user.since === null ? 'none' : limitWords(user.max_creations_per_minute))}
      />
    </DataTable>
  </List>
);

const help = '0: any number; empty: as the settings say';
const Quotas = () => (
  <>
    <NumberInput
      source="max_unfinished_jobs"
      label="Unfinished jobs at once"
      helperText={help}
      min={0}
      step={1}
      validate={minValue(0)}
    />
    <NumberInput
      source="max_creations_per_minute"
      label="New jobs a minute"
      helperText={help}
      min={0}
      step={1}
      validate={minValue(0)}
    />
  </>
);

export const UserEdit = () => (
  <Edit mutationMode="pessimistic" title="Quotas of a user">
    <SimpleForm>
      <TextInput source="hotkey" label="User" readOnly />
      <Quotas />
    </SimpleForm>
  </Edit>
);

export const UserCreate = () => (
  <Create redirect="list" title="Let a user in">
    <SimpleForm>
      <TextInput source="hotkey" label="The user's hotkey (SS58)" validate={required()} />
      <Quotas />
    </SimpleForm>
  </Create>
);
