import SearchIcon from '@mui/icons-material/Search';
import {
  Box,
  Button,
  Dialog,
  DialogTitle,
  InputBase,
  List,
  ListItemButton,
  ListItemText,
  Typography,
} from '@mui/material';
import { useEffect, useState, type KeyboardEvent } from 'react';
import { useRedirect } from 'react-admin';
import { useFound } from './use-found.ts';

const listId = 'search-found';
/** What is read out, and not seen. */
const forReaders = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  p: 0,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
} as const;
const optionId = (at: number): string => `search-found-${at}`;

/** Finds pages, and whatever has a uuid or a hotkey. `/`, or Control and K, opens it. */
export const Search = () => {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent) => {
      const isWriting =
        (event.target as Element).closest('input, textarea, select, [contenteditable]') !== null;
      const isKey =
        (event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !isWriting);
      if (!isKey) return;
      event.preventDefault();
      setIsOpen(true);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return (
    <>
      <Button
        color="inherit"
        aria-label="Search"
        aria-keyshortcuts="/ Control+K"
        onClick={() => setIsOpen(true)}
        sx={{ minWidth: 40, flexShrink: 0 }}
      >
        <SearchIcon />
        <Box component="span" sx={{ display: { xs: 'none', sm: 'inline' }, ml: 0.5 }}>
          Search
        </Box>
      </Button>
      <Dialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        fullWidth
        maxWidth="sm"
        sx={{ '& .MuiDialog-container': { alignItems: 'flex-start' } }}
      >
        <DialogTitle sx={forReaders}>Search</DialogTitle>
        <SearchBox close={() => setIsOpen(false)} />
      </Dialog>
    </>
  );
};

const SearchBox = ({ close }: { close: () => void }) => {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = useFound(text);
  const redirect = useRedirect();
  const at = Math.min(chosen, found.length - 1);
  const go = (path: string) => {
    close();
    redirect(path);
  };
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) setChosen((at + step + found.length) % found.length);
    else if (event.key === 'Enter' && found[at]) go(found[at].path);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <InputBase
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setChosen(0);
        }}
        onKeyDown={pressed}
        autoFocus
        fullWidth
        placeholder="A page, or the beginning of a uuid or a hotkey"
        sx={{ px: 2, py: 1.5 }}
        slotProps={{
          input: {
            role: 'combobox',
            'aria-label': 'Search',
            'aria-autocomplete': 'list',
            'aria-expanded': found.length > 0,
            autoComplete: 'off',
            ...(found.length > 0 && { 'aria-controls': listId, 'aria-activedescendant': optionId(at) }),
          },
        }}
      />
      {found.length > 0 && (
        <List id={listId} role="listbox" aria-label="Found" dense sx={{ py: 0, overflowY: 'auto' }}>
          {found.map(({ path, label, detail }, index) => (
            <ListItemButton
              key={`${path} ${label}`}
              id={optionId(index)}
              role="option"
              aria-selected={index === at}
              selected={index === at}
              tabIndex={-1}
              onClick={() => go(path)}
            >
              <ListItemText primary={label} secondary={detail} sx={{ overflowWrap: 'anywhere' }} />
            </ListItemButton>
          ))}
        </List>
      )}
      <Box role="status" sx={{ px: 2, py: 1 }}>
        <Typography variant="body2" color="textSecondary">
          {text.trim() === ''
            ? 'Type to search.'
            : found.length === 0
              ? 'Nothing has this name.'
              : `${found.length} found.`}
        </Typography>
      </Box>
    </>
  );
};
