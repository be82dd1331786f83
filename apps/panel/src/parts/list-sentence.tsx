import { Typography } from '@mui/material';
import { useListContext } from 'react-admin';

interface Props<Row> {
  /** @param rows of this page @param total of all pages */
  sentenceOf: (rows: Row[], total: number) => string;
}

/** How a list stands, above it. */
export const ListSentence = <Row extends { id: string }>({ sentenceOf }: Props<Row>) => {
  const { data, total } = useListContext<Row>();
  if (!data) return null;
  return (
    <Typography role="status" sx={{ py: 2, mr: 'auto', minWidth: 0 }}>
      {sentenceOf(data, total)}
    </Typography>
  );
};

/** `3 miners`; of a page among several `3 miners on this page`. @param one its word for one of them @param many for several */
export const ofPage = (rows: readonly unknown[], total: number, one: string, many: string): string =>
  `${rows.length} ${rows.length === 1 ? one : many}${rows.length === total ? '' : ' on this page'}`;
