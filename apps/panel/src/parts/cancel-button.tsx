import { Button } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm, useNotify } from 'react-admin';
import { ask } from '../api.ts';

interface Props {
  uuid: string;
  /** Whether it is being cancelled already. */
  isCancelled: boolean;
  /** What it means, before it is done. */
  consequence: string;
  /** What is said once it is done. */
  done: string;
  /** What the job's page is kept under. */
  queryKey: readonly string[];
}

/** Cancels a job, after asking. */
export const CancelButton = ({ uuid, isCancelled, consequence, done, queryKey }: Props) => {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const notify = useNotify();
  const cancel = async () => {
    setIsAsking(false);
    try {
      queries.setQueryData(queryKey, await ask<object>(`jobs/${uuid}/cancel`, { method: 'POST' }));
      notify(done, { type: 'info' });
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    }
  };
  return (
    <>
      <Button variant="outlined" color="error" disabled={isCancelled} onClick={() => setIsAsking(true)}>
        {isCancelled ? 'Being cancelled' : 'Cancel this job'}
      </Button>
      <Confirm
        isOpen={isAsking}
        title="Cancel this job?"
        content={consequence}
        confirm="Cancel the job"
        cancel="Let it go on"
        onConfirm={() => void cancel()}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
};
