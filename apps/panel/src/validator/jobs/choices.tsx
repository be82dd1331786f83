import { Box, Typography } from '@mui/material';
import type { ValidatorChoice } from '@horde/panel-api';
import { FactsTable } from '../../parts/facts-table.tsx';
import { Hotkey } from '../../parts/hotkey.tsx';
import { Moment } from '../../parts/moment.tsx';

const columns = ['Miner', 'Why', 'Reliability', 'First with', 'Busy', 'Allowance'];

/** Each time that a miner was looked for: every candidate, and why it was chosen or not. */
export const Choices = ({ choices }: { choices: ValidatorChoice[] }) =>
  choices.length === 0 ? (
    <Typography variant="body2">No miner was looked for.</Typography>
  ) : (
    choices.map((choice) => <Choice key={`${choice.at} ${choice.attempt}`} choice={choice} />)
  );

const Choice = ({ choice }: { choice: ValidatorChoice }) => {
  const title = choice.attempt === null ? 'No attempt' : `Attempt ${choice.attempt}`;
  const rows = choice.candidates.map((one) => ({
    key: one.hotkey,
    cells: [
      <Hotkey key="" address={one.hotkey} />,
      one.is_chosen ? <strong key="">{one.sentence}</strong> : one.sentence,
      one.reliability.toFixed(2),
      `${(one.chance * 100).toFixed(1)} %`,
      `${one.busy} of ${one.offered}`,
      `${one.allowance.toLocaleString()} s`,
    ],
  }));
  return (
    <Box sx={{ mb: 2 }}>
      <Typography variant="body2">
        {title}, <Moment time={choice.at} />: {choice.sentence}
      </Typography>
      {rows.length > 0 && <FactsTable name={`Candidates: ${title}`} columns={columns} rows={rows} />}
      {choice.others.map(({ sentence, count }) => (
        <Typography variant="body2" key={sentence}>
          And {count} more: {sentence}
        </Typography>
      ))}
    </Box>
  );
};
