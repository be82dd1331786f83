import { Button } from '@mui/material';
import type { MinerValidator } from '@horde/panel-api';
import { useState } from 'react';
import { Confirm, DataTable, List, useNotify, useRefresh } from 'react-admin';
import { ask } from '../api.ts';
import { mayOperate } from '../auth-provider.ts';
import { LongName } from '../parts/record-link.tsx';
import { roomy } from '../parts/roomy.ts';
import { useLive } from '../parts/live/use-live.ts';

type Row = MinerValidator & { id: string };

const standing = ({ active, by_hand, blacklisted }: Row): string =>
  blacklisted
    ? 'blacklisted: its jobs are declined'
    : active
      ? `may send jobs${by_hand ? ', added by hand' : ''}`
      : 'is no validator now';

const dayOf = ({ completed, failed, declined }: Row): string =>
  `${completed} completed, ${failed} failed, ${declined} declined`;

export const ValidatorList = () => (
  <List exporter={false} queryOptions={{ refetchInterval: useLive() }} empty={false} actions={false}>
    <DataTable<Row> rowClick={false} bulkActionButtons={false}>
      <DataTable.Col
        source="hotkey"
        label="Validator"
        render={({ hotkey }) => <LongName>{hotkey}</LongName>}
      />
      <DataTable.Col source="active" label="Standing" render={standing} />
      <DataTable.NumberCol source="connections" sx={roomy} />
      <DataTable.NumberCol source="unfinished_jobs" label="Unfinished jobs" sx={roomy} />
      <DataTable.Col source="completed" label="Its jobs in 24 h" sx={roomy} render={dayOf} />
      <DataTable.Col
        source="signs"
        label="Signs its jobs"
        sx={roomy}
        render={({ signs }) => (signs ? 'yes' : 'not yet')}
      />
      {mayOperate() && (
        <DataTable.Col
          source="blacklisted"
          label="Change"
          disableSort
          render={(validator) => <BlacklistButton validator={validator as Row} />}
        />
      )}
    </DataTable>
  </List>
);

const BlacklistButton = ({ validator: { hotkey, blacklisted } }: { validator: Row }) => {
  const [isAsking, setIsAsking] = useState(false);
  const notify = useNotify();
  const refresh = useRefresh();
  const change = async () => {
    setIsAsking(false);
    try {
      await ask(`validators/${hotkey}/blacklist`, { method: blacklisted ? 'DELETE' : 'PUT' });
      refresh();
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    }
  };
  const words = blacklisted ? 'Take its jobs again' : 'Decline its jobs';
  return (
    <>
      <Button
        size="small"
        sx={{ textAlign: 'left' }}
        aria-label={`${words}: ${hotkey}`}
        onClick={() => setIsAsking(true)}
      >
        {words}
      </Button>
      <Confirm
        isOpen={isAsking}
        title={`${words}?`}
        content={`The validator ${hotkey}. What runs of its jobs goes on.`}
        confirm={words}
        cancel="Leave it as it is"
        onConfirm={() => void change()}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
};
