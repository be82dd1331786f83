import { Typography } from '@mui/material';
import { CreateButton, useListContext } from 'react-admin';
import { mayOperate } from '../auth-provider.ts';

interface Props<Row> {
  /** @param rows of this page @param total of all pages */
  sentenceOf: (rows: Row[], total: number) => string;
  /** What leads to the page that puts one more on the list; who may only look has none. @default nothing */
  add?: string;
}

/** How a list stands, above it. */
export const ListSentence = <Row extends { id: string }>({ sentenceOf, add }: Props<Row>) => {
  const { data, total } = useListContext<Row>();
  if (!data) return null;
  return (
    <>
      <Typography role="status" sx={{ py: 2, mr: 'auto', minWidth: 0 }}>
        {sentenceOf(data, total)}
      </Typography>
      {add !== undefined && mayOperate() && <CreateButton label={add} />}
    </>
  );
};

/** `3 miners`; of a page among several `3 miners on this page`. @param one its word for one of them @param many for several */
export const ofPage = (rows: readonly unknown[], total: number, one: string, many: string): string =>
  `${rows.length} ${rows.length === 1 ? one : many}${rows.length === total ? '' : ' on this page'}`;
