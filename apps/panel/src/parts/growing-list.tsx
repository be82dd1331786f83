import { Typography } from '@mui/material';
import type { ReactElement, ReactNode } from 'react';
import { List } from 'react-admin';
import { Count } from './count.tsx';
import { useLive } from './live/use-live.ts';
import { PageButtons } from './page-buttons.tsx';

interface Props {
  /** What the list has, in a sentence. @default its name says it */
  says?: string;
  /** The word for one of its rows, and for several. */
  one: string;
  many: string;
  filters?: ReactElement[];
  children: ReactNode;
}

/** A list that grows: the sentence first, then its newest rows, which can be filtered. */
export const GrowingList = ({ says, one, many, filters, children }: Props) => {
  const refetchInterval = useLive();
  return (
    <>
      {says && <Typography sx={{ mt: 2 }}>{says}</Typography>}
      <List
        {...(filters && { filters })}
        perPage={25}
        exporter={false}
        actions={<Count one={one} many={many} />}
        pagination={<PageButtons />}
        queryOptions={{ refetchInterval }}
        empty={false}
      >
        {children}
      </List>
    </>
  );
};
