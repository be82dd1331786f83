import { Box, Card, CardContent, Typography, useTheme } from '@mui/material';
import type { PanelOverview } from '@horde/panel-api';

const height = 140;
const step = 30;
const hour = 3_600_000;

/** The jobs of the last 24 hours, by the hour in which they were created, and what became of them. */
export const HourChart = ({ hours }: { hours: PanelOverview['hours'] }) => {
  const { palette } = useTheme();
  const parts = [
    ['completed', palette.success.main],
    ['failed', palette.error.main],
    ['going_on', palette.text.disabled],
  ] as const;
  const now = Math.floor(Date.now() / hour) * hour;
  const byHour = new Map(hours.map((one) => [Date.parse(one.hour), one]));
  const most = Math.max(1, ...hours.map((one) => one.completed + one.failed + one.going_on));
  const total = (part: (typeof parts)[number][0]) => hours.reduce((sum, one) => sum + one[part], 0);
  const summary = `Of the jobs of the last 24 hours ${total('completed')} have completed, ${total('failed')} have failed, and ${total('going_on')} go on.`;
  return (
    <Card>
      <CardContent>
        <Typography variant="body2">{summary}</Typography>
        <Box sx={{ overflowX: 'auto' }}>
          <svg
            role="img"
            aria-label={`${summary} The busiest hour had ${most}.`}
            width={24 * step}
            height={height + 20}
          >
            {Array.from({ length: 24 }, (_, at) => {
              const time = now - (23 - at) * hour;
              const one = byHour.get(time);
              let top = height;
              return (
                <g key={time}>
                  {parts.map(([part, colour]) => {
                    const size = ((one?.[part] ?? 0) / most) * (height - 10);
                    top -= size;
                    return (
                      <rect
                        key={part}
                        x={at * step + 3}
                        y={top}
                        width={step - 6}
                        height={size}
                        fill={colour}
                      />
                    );
                  })}
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
      </CardContent>
    </Card>
  );
};
