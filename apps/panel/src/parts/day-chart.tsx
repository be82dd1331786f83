import { Box, Typography, useTheme } from '@mui/material';
import { zoneAt } from '../words.ts';

const height = 140;
const hour = 3_600_000;
/** Of the width, for each of the 24 hours. @unit percent */
const step = 100 / 24;

/** A bar of an hour, or a line where both ends are the same. */
export interface HourMark {
  colour: string;
  from: number;
  until: number;
}

interface Props {
  /** What is shown, in a sentence. */
  summary: string;
  /** The same for those who do not see it, where it says more. @default summary */
  alternative?: string;
  /** What the highest bar stands for. */
  most: number;
  marksOf: (hour: number) => HourMark[];
}

/** The last 24 hours, as wide as there is room. */
export const DayChart = ({ summary, alternative = summary, most, marksOf }: Props) => {
  const { palette } = useTheme();
  const now = Math.floor(Date.now() / hour) * hour;
  const y = (value: number) => height - (value / most) * (height - 10);
  return (
    <>
      <Typography variant="body2">{summary}</Typography>
      <Box sx={{ maxWidth: 720 }}>
        <svg role="img" aria-label={alternative} width="100%" height={height + 20}>
          {Array.from({ length: 24 }, (_, at) => {
            const time = now - (23 - at) * hour;
            return (
              <g key={time}>
                {marksOf(time).map(({ colour, from, until }) => {
                  const isLine = from === until;
                  return (
                    <rect
                      key={`${colour} ${from}`}
                      x={`${(at + (isLine ? 0 : 0.1)) * step}%`}
                      y={y(until)}
                      width={`${(isLine ? 1 : 0.8) * step}%`}
                      height={isLine ? 2 : y(from) - y(until)}
                      fill={colour}
                    />
                  );
                })}
                {at % 3 === 2 && (
                  <text
                    x={`${(at + 0.5) * step}%`}
                    y={height + 14}
                    fontSize="11"
                    textAnchor="middle"
                    fill={palette.text.secondary}
                  >
                    {new Date(time).getHours()}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        <Typography variant="caption" color="textSecondary" component="p" sx={{ textAlign: 'center' }}>
          hour of the day, {zoneAt(new Date(now))}
        </Typography>
      </Box>
    </>
  );
};
