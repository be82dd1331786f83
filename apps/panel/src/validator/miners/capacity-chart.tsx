import { Box, Typography, useTheme } from '@mui/material';
import type { PanelCapacityHour } from '@horde/panel-api';

const height = 140;
const step = 30;
const hour = 3_600_000;

const inWords = (executors: number): string => executors.toFixed(executors < 10 ? 1 : 0);

/** The executors of a miner in the last 24 hours: a line for what it offered, bars for those that were busy. */
export const CapacityChart = ({ hours }: { hours: PanelCapacityHour[] }) => {
  const { palette } = useTheme();
  const now = Math.floor(Date.now() / hour) * hour;
  const byHour = new Map(hours.map((one) => [Date.parse(one.hour), one]));
  const most = Math.max(1, ...hours.map((one) => Math.max(one.offered ?? 0, one.busy + one.busy_elsewhere)));
  const mean = (name: 'busy' | 'busy_elsewhere') => hours.reduce((sum, one) => sum + one[name], 0) / 24;
  const offered = hours.map((one) => one.offered).filter((count) => count !== null);
  const summary =
    offered.length === 0
      ? 'What it offered in the last 24 hours is not known.'
      : `In the last 24 hours it offered ${Math.min(...offered)} to ${Math.max(...offered)} executors. On the average ${inWords(mean('busy'))} of them were busy with jobs of this validator, and ${inWords(mean('busy_elsewhere'))} with finished jobs of others.`;
  const y = (executors: number) => height - (executors / most) * (height - 10);
  return (
    <>
      <Typography variant="body2">{summary}</Typography>
      <Box sx={{ overflowX: 'auto' }}>
        <svg role="img" aria-label={summary} width={24 * step} height={height + 20}>
          {Array.from({ length: 24 }, (_, at) => {
            const time = now - (23 - at) * hour;
            const one = byHour.get(time);
            const busy = one?.busy ?? 0;
            const all = busy + (one?.busy_elsewhere ?? 0);
            const left = at * step + 3;
            const width = step - 6;
            return (
              <g key={time}>
                <rect
                  x={left}
                  y={y(busy)}
                  width={width}
                  height={height - y(busy)}
                  fill={palette.primary.main}
                />
                <rect
                  x={left}
                  y={y(all)}
                  width={width}
                  height={y(busy) - y(all)}
                  fill={palette.text.disabled}
                />
                {one && one.offered !== null && (
                  <rect
                    x={at * step}
                    y={y(one.offered)}
                    width={step}
                    height={2}
                    fill={palette.success.main}
                  />
                )}
                <text
                  x={at * step + step / 2}
                  y={height + 14}
                  fontSize="10"
                  textAnchor="middle"
                  fill={palette.text.secondary}
                >
                  {new Date(time).getHours()}
                </text>
              </g>
            );
          })}
        </svg>
      </Box>
    </>
  );
};
