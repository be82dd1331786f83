import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  TextField,
  Typography,
} from '@mui/material';
import type { PanelSetting } from '@horde/panel-api';
import { useState, type FormEvent } from 'react';
import { ask } from '../../api.ts';
import { Sentence } from '../sentence.tsx';
import { readValue, sourceWords, valueWords, writtenValue } from './value-words.ts';

interface Props {
  setting: PanelSetting;
  onClose: () => void;
  /** It was changed, and is this now. */
  onChanged: (setting: PanelSetting) => void;
}

/** Changes a setting, or takes back what was set. */
export const SettingDialog = ({ setting, onClose, onChanged }: Props) => {
  const { name, type, unit, otherwise } = setting;
  const [written, setWritten] = useState(writtenValue(setting.value, type));
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);

  async function send(init: { method: string; body?: object }): Promise<void> {
    setIsSending(true);
    try {
      onChanged(await ask<PanelSetting>(`configuration/${encodeURIComponent(name)}`, init));
    } catch (error) {
      setProblem((error as Error).message);
      setIsSending(false);
    }
  }
  const save = (event: FormEvent) => {
    event.preventDefault();
    void send({ method: 'PUT', body: { value: readValue(written, type) } });
  };

  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="setting-name">
      <form onSubmit={save}>
        <DialogTitle id="setting-name" sx={{ overflowWrap: 'anywhere' }}>
          {name}
        </DialogTitle>
        <DialogContent>
          <Typography sx={{ mb: 2 }}>
            <Sentence>{setting.help}</Sentence>
          </Typography>
          <TextField
            label={unit === null ? 'Value' : `Value, in ${unit}`}
            value={written}
            onChange={({ target }) => setWritten(target.value)}
            helperText={type === 'texts' ? 'One in each line.' : undefined}
            error={problem !== null}
            autoFocus
            fullWidth
            multiline={type === 'texts'}
            select={type === 'flag'}
            slotProps={{ select: { native: true } }}
          >
            {type === 'flag' && [
              <option key="yes" value="true">
                yes
              </option>,
              <option key="no" value="false">
                no
              </option>,
            ]}
          </TextField>
          {problem !== null && (
            <Typography role="alert" color="error" sx={{ mt: 1 }}>
              {problem}
            </Typography>
          )}
        </DialogContent>
        <DialogActions sx={{ flexWrap: 'wrap' }}>
          {setting.from === 'operator' && (
            <Button disabled={isSending} onClick={() => void send({ method: 'DELETE' })}>
              Back to {valueWords(otherwise.value, setting)} ({sourceWords[otherwise.from]})
            </Button>
          )}
          <Button onClick={onClose}>Leave it as it is</Button>
          <Button type="submit" variant="contained" disabled={isSending}>
            Change it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
};
