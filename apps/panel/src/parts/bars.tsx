import { Box } from '@mui/material';

interface Props {
  /** What they show, for those who do not see them. */
  summary: string;
  bars: { label: string; value: number; words: string }[];
}

/** Bars to one scale, each with its label and its number. */
export const Bars = ({ summary, bars }: Props) => {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  return (
    <Box
      component="ul"
      aria-label={summary}
      sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.5 }}
    >
      {bars.map(({ label, value, words }) => (
        <Box
          component="li"
          key={label}
          sx={{
            display: 'grid',
            gridTemplateColumns: { xs: '1fr', sm: '16rem 1fr' },
            alignItems: 'center',
            gap: 1,
          }}
        >
          <span>
            {label}: {words}
          </span>
          <Box aria-hidden sx={{ bgcolor: 'action.hover', height: 12 }}>
            <Box
              sx={{ bgcolor: 'primary.main', height: 12, minWidth: 2 }}
              style={{ width: `${(100 * value) / most}%` }}
            />
          </Box>
        </Box>
      ))}
    </Box>
  );
};
