import { Typography, useTheme } from '@mui/material';
import type { PanelHourSpan } from '@horde/panel-api';
import { DayChart } from './day-chart.tsx';

interface Props {
  spans: PanelHourSpan[];
  /** What is said where there are none. */
  none: string;
  /** What is shown, in a sentence. @param most the longest span. @unit seconds */
  summaryOf: (most: number) => string;
}

/** A span of time for each of the last 24 hours. */
export const SpanChart = ({ spans, none, summaryOf }: Props) => {
  const { palette } = useTheme();
  if (spans.length === 0) return <Typography variant="body2">{none}</Typography>;
  const byHour = new Map(spans.map(({ hour, seconds }) => [Date.parse(hour), seconds]));
  const most = Math.max(...byHour.values());
  return (
    <DayChart
      summary={summaryOf(most)}
      most={most || 1}
      marksOf={(hour) => {
        const until = byHour.get(hour) ?? 0;
        return until === 0 ? [] : [{ colour: palette.primary.main, from: 0, until }];
      }}
    />
  );
};
