import {
  Box,
  Button,
  Card,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  Typography,
} from '@mui/material';
import type { PanelSetting } from '@horde/panel-api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Title, useNotify } from 'react-admin';
import { ask } from '../../api.ts';
import { mayOperate } from '../../auth-provider.ts';
import { momentWords } from '../../words.ts';
import { useLive } from '../live/use-live.ts';
import { roomy } from '../roomy.ts';
import { Sentence } from '../sentence.tsx';
import { SettingDialog } from './setting-dialog.tsx';
import { sourceWords, valueWords } from './value-words.ts';

const queryKey = ['configuration'];

/** The settings of a service that change while it runs: ComputeHorde's CONSTANCE. */
export const Configuration = () => {
  const [chosen, setChosen] = useState<PanelSetting | null>(null);
  const queries = useQueryClient();
  const notify = useNotify();
  const { data, error } = useQuery({
    queryKey,
    queryFn: () => ask<{ results: PanelSetting[] }>('configuration'),
    refetchInterval: useLive(),
  });
  if (error) return <Typography role="alert">{error.message}</Typography>;
  if (!data) return <Typography role="status">Loading …</Typography>;
  const changed = (setting: PanelSetting) => {
    setChosen(null);
    void queries.invalidateQueries({ queryKey });
    notify(`${setting.name} is ${valueWords(setting.value, setting)} now.`, { type: 'info' });
  };
  return (
    <Box sx={{ mt: 2 }}>
      <Title title="Configuration" />
      <Typography role="status" sx={{ mb: 2 }}>
        {sentenceOf(data.results)}
      </Typography>
      <Card sx={{ overflowX: 'auto' }}>
        <Table size="small" aria-label="Settings that change while the service runs">
          <TableHead>
            <TableRow>
              <TableCell>Setting</TableCell>
              <TableCell>Value</TableCell>
              <TableCell sx={roomy}>Says who</TableCell>
              <TableCell sx={roomy}>Changed last</TableCell>
              {mayOperate() && <TableCell>Change</TableCell>}
            </TableRow>
          </TableHead>
          <TableBody>
            {data.results.map((setting) => (
              <Row key={setting.name} setting={setting} choose={() => setChosen(setting)} />
            ))}
          </TableBody>
        </Table>
      </Card>
      {chosen && <SettingDialog setting={chosen} onClose={() => setChosen(null)} onChanged={changed} />}
    </Box>
  );
};

const Row = ({ setting, choose }: { setting: PanelSetting; choose: () => void }) => (
  <TableRow>
    <TableCell component="th" scope="row" sx={{ overflowWrap: 'anywhere', minWidth: 200 }}>
      <code>{setting.name}</code>
      <Typography variant="body2" color="textSecondary">
        <Sentence>{setting.help}</Sentence>
      </Typography>
    </TableCell>
    <TableCell sx={{ overflowWrap: 'anywhere', whiteSpace: 'pre-line' }}>
      {valueWords(setting.value, setting)}
    </TableCell>
    <TableCell sx={roomy}>{sourceWords[setting.from]}</TableCell>
    <TableCell sx={roomy}>{changeWords(setting.changed)}</TableCell>
    {mayOperate() && (
      <TableCell>
        <Button aria-label={`Change ${setting.name}`} onClick={choose}>
          Change
        </Button>
      </TableCell>
    )}
  </TableRow>
);

const changeWords = (changed: PanelSetting['changed']): string =>
  changed === null ? 'never' : `${momentWords(changed.at)}, by ${changed.by ?? 'the documents'}`;

function sentenceOf(settings: PanelSetting[]): string {
  const own = settings.filter(({ from }) => from === 'operator').length;
  const whole = `A change counts at once, in all processes of this service.`;
  if (own === 0) return `${whole} Nothing has been set here.`;
  return `${whole} ${own} of ${settings.length} ${own === 1 ? 'is' : 'are'} set here.`;
}
