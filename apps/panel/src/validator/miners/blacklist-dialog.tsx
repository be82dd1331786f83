import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  TextField,
  Typography,
} from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ask } from '../../api.ts';

/** Gives a miner no jobs, for a time or until it is taken off. */
export const BlacklistButton = ({ hotkey }: { hotkey: string }) => {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button variant="outlined" color="error" onClick={() => setIsOpen(true)}>
        Give it no jobs
      </Button>
      {isOpen && <BlacklistDialog hotkey={hotkey} onClose={() => setIsOpen(false)} />}
    </>
  );
};

const BlacklistDialog = ({ hotkey, onClose }: { hotkey: string; onClose: () => void }) => {
  const [because, setBecause] = useState('');
  const [hours, setHours] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const queries = useQueryClient();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const body = { because, hours: hours === '' ? null : Number(hours) };
      await ask(`blacklist/${encodeURIComponent(hotkey)}`, { method: 'PUT', body });
      for (const resource of ['blacklist', 'miners', 'miner'])
        void queries.invalidateQueries({ queryKey: [resource] });
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="blacklist-title">
      <form onSubmit={(event) => void save(event)}>
        <DialogTitle id="blacklist-title">Give this miner no jobs</DialogTitle>
        <DialogContent sx={{ display: 'grid', gap: 2 }}>
          <Typography sx={{ overflowWrap: 'anywhere' }}>
            {hotkey} goes on the blacklist. Jobs that it has already go on.
          </Typography>
          <TextField
            label="Why"
            value={because}
            onChange={({ target }) => setBecause(target.value)}
            slotProps={{ htmlInput: { maxLength: 500 } }}
            required
            autoFocus
            fullWidth
          />
          <TextField
            label="For how many hours"
            type="number"
            value={hours}
            onChange={({ target }) => setHours(target.value)}
            helperText="Empty: until it is taken off."
            slotProps={{ htmlInput: { min: 0.001, step: 'any' } }}
          />
          {problem !== null && (
            <Typography role="alert" color="error">
              {problem}
            </Typography>
          )}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>Leave it as it is</Button>
          <Button type="submit" variant="contained" color="error">
            Give it no jobs
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
};
