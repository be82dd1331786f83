import { Box, Button, Typography } from '@mui/material';
import { minerChecks, type MinerCheck, type MinerCheckName } from '@horde/panel-api';
import { Title, useNotify } from 'react-admin';
import { ask } from '../api.ts';
import { mayOperate } from '../auth-provider.ts';
import { Part } from '../parts/part.tsx';
import { momentWords } from '../words.ts';
import { useChecks, type LiveChecks } from './use-checks.ts';

const words: Record<MinerCheckName, { title: string; button: string; about: string }> = {
  self_test: {
    title: 'Self test',
    button: 'Run the self test',
    about:
      'Uses the running miner as a validator does: its addresses, a job on each class of executors, a streaming job, receipts. Its jobs take executors while they run.',
  },
  doctor: {
    title: 'Doctor',
    button: 'Run the doctor',
    about:
      'Looks at what the miner needs around it: Docker, hosts, disk, ports, clock, wallet, chain, database.',
  },
};

/** What the miner checks of itself, with a button each: one runs at a time. */
export const Checks = () => {
  const live = useChecks();
  const { checks } = live;
  const running = checks?.find(({ state }) => state === 'running');
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 2 }}>
      <Title title="Self test and doctor" />
      <Typography role="status" aria-label="What runs now">
        {sentenceOf(live)}
      </Typography>
      {minerChecks.map((name) => (
        <Check
          key={name}
          name={name}
          check={checks?.find((one) => one.name === name)}
          mayBegin={checks !== null && !running}
        />
      ))}
    </Box>
  );
};

function sentenceOf({ checks, isConnected }: LiveChecks): string {
  if (!isConnected) return 'The connection was lost, and is opened again.';
  if (checks === null) return 'Loading …';
  const running = checks.find(({ state }) => state === 'running');
  return running
    ? `${words[running.name].title} is running, begun by ${running.started_by}.`
    : 'Neither is running.';
}

const Check = ({
  name,
  check,
  mayBegin,
}: {
  name: MinerCheckName;
  check: MinerCheck | undefined;
  mayBegin: boolean;
}) => {
  const notify = useNotify();
  const { title, button, about } = words[name];
  const begin = () =>
    ask(`checks/${name}`, { method: 'POST' }).catch((error: Error) =>
      notify(error.message, { type: 'error' }),
    );
  return (
    <Part title={title}>
      <Typography variant="body2" sx={{ mb: 1 }}>
        {about}
      </Typography>
      {mayOperate() && (
        <Button variant="outlined" disabled={!mayBegin} onClick={() => void begin()}>
          {button}
        </Button>
      )}
      <Typography role="status" aria-label={`The last run: ${title}`} variant="body2" sx={{ mt: 1 }}>
        {check ? verdict(check) : 'Loading …'}
      </Typography>
      {check && check.output !== '' && (
        <Box
          component="pre"
          tabIndex={0}
          role="log"
          aria-label={`What the ${title.toLowerCase()} says`}
          sx={{
            m: 0,
            mt: 1,
            p: 1,
            maxHeight: 480,
            overflow: 'auto',
            bgcolor: 'action.hover',
            whiteSpace: 'pre-wrap',
            fontSize: 13,
          }}
        >
          {check.output}
        </Box>
      )}
    </Part>
  );
};

function verdict({ state, started_at, started_by, ended_at }: MinerCheck): string {
  if (state === 'never') return 'It has not been run from here yet.';
  const begun = `begun by ${started_by}, ${momentWords(started_at)}`;
  if (state === 'running') return `It is running, ${begun}.`;
  if (state === 'cut off') return `It was cut off before its end, ${begun}.`;
  const found = state === 'good' ? 'Nothing failed.' : 'Something failed: see the lines with FAIL.';
  return `${found} It ended ${momentWords(ended_at)}, ${begun}.`;
}
