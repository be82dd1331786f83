import { Box, Button, Typography } from '@mui/material';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ask } from '../api.ts';
import { Hotkey } from '../parts/hotkey.tsx';
import { Part } from '../parts/part.tsx';
import { momentWords } from '../words.ts';

/** What a validator tells of a job: as users get it, docs/rest.md. */
interface Description {
  sentence: string;
  told_by: 'validator' | 'facilitator';
  attempts: { number: number; miner_hotkey: string; outcome: string | null; message: string | null }[];
  choices: {
    at: string;
    sentence: string;
    candidates: { miner_hotkey: string; reason: string | null }[];
    counts: Record<string, number>;
  }[];
}

/** Asks a job's validator how it came to where it is: which miners it asked, and why others could not have it. */
export const JobDescription = ({ uuid }: { uuid: string }) => {
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => ask<Description>(`jobs/${uuid}/describe`),
  });
  const last = data?.choices.at(-1);
  return (
    <Part title="What its validator says">
      <Button variant="outlined" disabled={isPending} onClick={() => mutate()} sx={{ my: 1 }}>
        Ask its validator
      </Button>
      <Box role="status" aria-label="What its validator says">
        {error && <Typography>{error.message}</Typography>}
        {data && (
          <>
            <Typography>{data.sentence}</Typography>
            {data.told_by === 'facilitator' && (
              <Typography variant="body2">
                Its validator has told nothing: this is what the facilitator knows.
              </Typography>
            )}
            <Facts title="Attempts">
              {data.attempts.map(({ number, miner_hotkey, outcome, message }) => (
                <li key={number}>
                  {number}. <Hotkey address={miner_hotkey} />: {outcome ?? 'goes on'}
                  {message ? `, ${message}` : ''}
                </li>
              ))}
            </Facts>
            {last && (
              <Facts title={`The last choice, ${momentWords(last.at)}: ${last.sentence}`}>
                {last.candidates.map(({ miner_hotkey, reason }) => (
                  <li key={miner_hotkey}>
                    <Hotkey address={miner_hotkey} />: {reason?.replaceAll('_', ' ') ?? 'could have it'}
                  </li>
                ))}
              </Facts>
            )}
          </>
        )}
      </Box>
    </Part>
  );
};

const Facts = ({ title, children }: { title: string; children: ReactNode[] }) =>
  children.length === 0 ? null : (
    <>
      <Typography variant="body2" sx={{ mt: 1, overflowWrap: 'anywhere' }}>
        {title}
      </Typography>
      <Typography component="ul" variant="body2" sx={{ m: 0, pl: 3, overflowWrap: 'anywhere' }}>
        {children}
      </Typography>
    </>
  );
