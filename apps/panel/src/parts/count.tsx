import { Typography } from '@mui/material';
import { TopToolbar, useListContext } from 'react-admin';

/** How many rows a list has: beyond some thousands about so many. @param one its word for one of them @param many for several */
export const Count = ({ one, many }: { one: string; many: string }) => {
  const { meta } = useListContext() as { meta?: { count?: number; isEstimate: boolean } };
  if (meta?.count === undefined) return null;
  const count = meta.count.toLocaleString();
  return (
    <TopToolbar>
      <Typography role="status" variant="body2">
        {meta.isEstimate ? `About ${count} ${many}` : `${count} ${meta.count === 1 ? one : many}`}
      </Typography>
    </TopToolbar>
  );
};
