import { Typography } from '@mui/material';
import type { PanelBlacklistEntry } from '@horde/panel-api';
import { Create, DataTable, List, NumberInput, required, SimpleForm, TextInput } from 'react-admin';
import { ask } from '../../api.ts';
import { mayOperate } from '../../auth-provider.ts';
import { AddButton } from '../../parts/add-button.tsx';
import { useLive } from '../../parts/live/use-live.ts';
import { Moment } from '../../parts/moment.tsx';
import { roomy } from '../../parts/roomy.ts';
import { wholeList, type Source } from '../../sources.ts';
import { MinerLink } from '../links.tsx';
import { Unblacklist } from './unblacklist.tsx';

export const blacklist: Source = {
  ...wholeList('blacklist', { id: 'id' }),
  save: async (data) => {
    const {
      hotkey = '',
      because,
      hours,
    } = data as { hotkey?: string; because?: string; hours?: number | null };
    await ask(`blacklist/${encodeURIComponent(hotkey.trim())}`, {
      method: 'PUT',
      body: { because, hours: hours ?? null },
    });
    return { id: hotkey.trim(), hotkey: hotkey.trim() };
  },
};

/** Why a miner is on the list. */
export const reasons: Record<string, string> = {
  MANUAL: 'an operator said so',
  JOB_FAILED: 'it has lost a job',
  JOB_CHEATED: 'a user has reported a wrong result',
};

export const BlacklistList = () => (
  <>
    <Typography sx={{ mt: 2 }}>These miners get no jobs now.</Typography>
    <List
      exporter={false}
      queryOptions={{ refetchInterval: useLive() }}
      empty={false}
      actions={<AddButton label="Give a miner no jobs" />}
    >
      <DataTable<PanelBlacklistEntry> rowClick={false} bulkActionButtons={false}>
        <DataTable.Col source="hotkey" label="Miner" render={({ hotkey }) => <MinerLink hotkey={hotkey} />} />
        <DataTable.Col source="reason" label="Because" render={({ reason }) => reasons[reason] ?? reason} />
        <DataTable.Col source="details" sx={{ ...roomy, overflowWrap: 'anywhere' }} />
        <DataTable.Col
          source="blacklisted_at"
          label="Since"
          sx={roomy}
          render={({ blacklisted_at }) => <Moment time={blacklisted_at} />}
        />
        <DataTable.Col
          source="expires_at"
          label="Until"
          sx={roomy}
          render={({ expires_at }) =>
            expires_at === null ? 'it is taken off' : <Moment time={expires_at} />
          }
        />
        {mayOperate() && (
          <DataTable.Col label="Change" render={({ hotkey }) => <Unblacklist hotkey={hotkey} />} />
        )}
      </DataTable>
    </List>
  </>
);

export const BlacklistCreate = () => (
  <Create redirect="list" title="Give a miner no jobs">
    <SimpleForm>
      <TextInput source="hotkey" label="The miner's hotkey (SS58)" validate={required()} />
      <TextInput source="because" label="Why" validate={required()} />
      <NumberInput
        source="hours"
        label="For how many hours"
        helperText="empty: until it is taken off"
        min={0}
      />
    </SimpleForm>
  </Create>
);
