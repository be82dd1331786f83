import { Box, Button, Typography } from '@mui/material';
import { useListContext } from 'react-admin';

/** The pages of a list of which nobody knows how many there are. */
export const PageButtons = () => {
  const { page, setPage, hasNextPage, hasPreviousPage } = useListContext();
  return (
    <Box component="nav" aria-label="Pages" sx={{ display: 'flex', gap: 2, alignItems: 'center', p: 1 }}>
      <Button disabled={!hasPreviousPage} onClick={() => setPage(page - 1)}>
        Previous
      </Button>
      <Typography variant="body2">Page {page}</Typography>
      <Button disabled={!hasNextPage} onClick={() => setPage(page + 1)}>
        Next
      </Button>
    </Box>
  );
};
