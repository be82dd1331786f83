import { Button } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm, useNotify } from 'react-admin';
import { ask } from '../../api.ts';

/** Takes a miner off the blacklist. */
export const Unblacklist = ({ hotkey }: { hotkey: string }) => {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const notify = useNotify();
  const remove = async () => {
    setIsAsking(false);
    try {
      await ask(`blacklist/${encodeURIComponent(hotkey)}`, { method: 'DELETE' });
      notify('The miner gets jobs again.', { type: 'info' });
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    }
    for (const resource of ['blacklist', 'miners', 'miner'])
      void queries.invalidateQueries({ queryKey: [resource] });
  };
  return (
    <>
      <Button
        variant="outlined"
        sx={{ whiteSpace: 'nowrap' }}
        aria-label={`Take it off the blacklist: ${hotkey}`}
        onClick={() => setIsAsking(true)}
      >
        Take it off
      </Button>
      <Confirm
        isOpen={isAsking}
        title="Take this miner off the blacklist?"
        content={`${hotkey} gets jobs again, whatever it was on the list for.`}
        confirm="Take it off"
        cancel="Leave it there"
        onConfirm={() => void remove()}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
};
