import { Card, CardContent, useTheme } from '@mui/material';
import type { PanelOverview } from '@horde/panel-api';
import { DayChart } from './day-chart.tsx';

/** The jobs of the last 24 hours, by the hour in which they were created, and what became of them. */
export const HourChart = ({ hours }: { hours: PanelOverview['hours'] }) => {
  const { palette } = useTheme();
  const parts = [
    ['completed', palette.success.main],
    ['failed', palette.error.main],
    ['going_on', palette.text.disabled],
  ] as const;
  const byHour = new Map(hours.map((one) => [Date.parse(one.hour), one]));
  const most = Math.max(1, ...hours.map((one) => one.completed + one.failed + one.going_on));
  const total = (part: (typeof parts)[number][0]) => hours.reduce((sum, one) => sum + one[part], 0);
  const summary = `Of the jobs of the last 24 hours ${total('completed')} have completed, ${total('failed')} have failed, and ${total('going_on')} go on.`;
  const marksOf = (time: number) => {
    const one = byHour.get(time);
    let from = 0;
    return parts.flatMap(([part, colour]) => {
      const count = one?.[part] ?? 0;
      const mark = { colour, from, until: (from += count) };
      return count === 0 ? [] : [mark];
    });
  };
  return (
    <Card>
      <CardContent>
        <DayChart
          summary={summary}
          alternative={`${summary} The busiest hour had ${most}.`}
          most={most}
          marksOf={marksOf}
        />
      </CardContent>
    </Card>
  );
};
