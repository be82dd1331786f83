import { Box, Card, Typography } from '@mui/material';
import { Fragment, type ReactNode } from 'react';

export type Fact = [name: string, value: ReactNode];

/** Facts in two columns. */
export const Facts = ({ facts }: { facts: Fact[] }) => (
  <Box
    component="dl"
    sx={{
      display: 'grid',
      gridTemplateColumns: { xs: 'minmax(0, 2fr) minmax(0, 3fr)', sm: 'max-content minmax(0, 1fr)' },
      columnGap: 2,
      rowGap: 0.5,
      m: 0,
    }}
  >
    {facts.map(([name, value]) => (
      <Fragment key={name}>
        <Typography component="dt" variant="body2" color="textSecondary">
          {name}
        </Typography>
        <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: 'anywhere' }}>
          {value}
        </Typography>
      </Fragment>
    ))}
  </Box>
);

/** Facts to see at one look, a card each. */
export const FactCards = ({ facts }: { facts: Fact[] }) => (
  <Box
    component="dl"
    sx={{
      display: 'grid',
      gridTemplateColumns: {
        xs: 'repeat(2, minmax(0, 1fr))',
        sm: 'repeat(auto-fill, minmax(240px, 1fr))',
      },
      gap: 2,
      m: 0,
      mb: 2,
    }}
  >
    {facts.map(([name, value]) => (
      <Card key={name} sx={{ p: 2 }}>
        <Typography component="dt" variant="body2" color="textSecondary">
          {name}
        </Typography>
        <Typography component="dd" variant="h6" sx={{ m: 0 }}>
          {value}
        </Typography>
      </Card>
    ))}
  </Box>
);
