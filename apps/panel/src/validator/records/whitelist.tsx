import { Typography } from '@mui/material';
import type { PanelSignatory } from '@horde/panel-api';
import {
  Create,
  DataTable,
  DeleteWithConfirmButton,
  List,
  required,
  SimpleForm,
  TextInput,
} from 'react-admin';
import { ask } from '../../api.ts';
import { mayOperate } from '../../auth-provider.ts';
import { AddButton } from '../../parts/add-button.tsx';
import { useLive } from '../../parts/live/use-live.ts';
import { Moment } from '../../parts/moment.tsx';
import { LongName } from '../../parts/record-link.tsx';
import { roomy } from '../../parts/roomy.ts';
import { wholeList, type Source } from '../../sources.ts';

export const whitelist: Source = {
  ...wholeList('whitelist', { id: 'hotkey' }),
  save: async (data) => {
    const { hotkey = '' } = data as Partial<PanelSignatory>;
    const path = `whitelist/${encodeURIComponent(hotkey.trim())}`;
    const signatory = await ask<PanelSignatory>(path, { method: 'PUT' });
    return { ...signatory, id: signatory.hotkey };
  },
};

export const WhitelistList = () => (
  <>
    <Typography sx={{ mt: 2 }}>
      Jobs are taken that this validator or one of these hotkeys has signed; facilitators that sign have to be
      here.
    </Typography>
    <List
      exporter={false}
      queryOptions={{ refetchInterval: useLive() }}
      empty={false}
      actions={<AddButton label="Take the jobs of a hotkey" />}
    >
      <DataTable<PanelSignatory & { id: string }> rowClick={false} bulkActionButtons={false}>
        <DataTable.Col source="hotkey" render={({ hotkey }) => <LongName>{hotkey}</LongName>} />
        <DataTable.Col
          source="since"
          render={({ since }) => (since === null ? "the validator's own" : <Moment time={since} />)}
        />
        <DataTable.NumberCol source="unfinished_jobs" label="Unfinished jobs" sx={roomy} />
        {mayOperate() && (
          <DataTable.Col
            label="Change"
            render={({ hotkey, since }) =>
              since !== null && (
                <DeleteWithConfirmButton
                  label="Take it off"
                  redirect={false}
                  confirmTitle="Take this hotkey off the whitelist?"
                  confirmContent={`No more jobs of ${hotkey} are taken; those that it has sent go on.`}
                />
              )
            }
          />
        )}
      </DataTable>
    </List>
  </>
);

export const WhitelistCreate = () => (
  <Create redirect="list" title="Take the jobs of a hotkey">
    <SimpleForm>
      <TextInput source="hotkey" label="The hotkey (SS58)" validate={required()} />
    </SimpleForm>
  </Create>
);
