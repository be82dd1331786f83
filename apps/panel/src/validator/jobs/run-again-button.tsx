import { Button } from '@mui/material';
import type { ValidatorJobPage } from '@horde/panel-api';
import { useState } from 'react';
import { Confirm, useNotify, useRedirect } from 'react-admin';
import { ask } from '../../api.ts';

/** Runs what a job asked for once more, after asking. */
export const RunAgainButton = ({ job }: { job: ValidatorJobPage }) => {
  const [isAsking, setIsAsking] = useState(false);
  const notify = useNotify();
  const redirect = useRedirect();
  if (!job.request || job.request.is_streaming) return null;
  const run = async () => {
    setIsAsking(false);
    try {
      const { uuid } = await ask<{ uuid: string }>(`jobs/${job.uuid}/run-again`, { method: 'POST' });
      redirect(`/jobs/${uuid}/show`);
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    }
  };
  return (
    <>
      <Button variant="outlined" onClick={() => setIsAsking(true)}>
        Run it again
      </Button>
      <Confirm
        isOpen={isAsking}
        title="Run it again as a job of your own?"
        content="What it asked for is given to a miner once more, as a job that nobody has signed: its user hears nothing of it, and nothing is uploaded. The miner is paid as for any other."
        confirm="Run it"
        cancel="Leave it"
        onConfirm={() => void run()}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
};
