import { useTheme } from '@mui/material';
import type { PanelCapacityHour } from '@horde/panel-api';
import { DayChart, type HourMark } from '../../parts/day-chart.tsx';

const inWords = (executors: number): string => executors.toFixed(executors < 10 ? 1 : 0);

const rangeWords = (counts: number[]): string => {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? '' : `${least} to `}${most} ${most === 1 ? 'executor' : 'executors'}`;
};

/** The executors of a miner in the last 24 hours: a line for what it offered, bars for those that were busy. */
export const CapacityChart = ({ hours }: { hours: PanelCapacityHour[] }) => {
  const { palette } = useTheme();
  const byHour = new Map(hours.map((one) => [Date.parse(one.hour), one]));
  const most = Math.max(1, ...hours.map((one) => Math.max(one.offered ?? 0, one.busy + one.busy_elsewhere)));
  const mean = (name: 'busy' | 'busy_elsewhere') => hours.reduce((sum, one) => sum + one[name], 0) / 24;
  const offered = hours.map((one) => one.offered).filter((count) => count !== null);
  const summary =
    offered.length === 0
      ? 'What it offered in the last 24 hours is not known.'
      : `In the last 24 hours it offered ${rangeWords(offered)}. On average ${inWords(mean('busy'))} of them were busy with jobs of this validator, and ${inWords(mean('busy_elsewhere'))} with finished jobs of others.`;
  const marksOf = (time: number): HourMark[] => {
    const one = byHour.get(time);
    if (!one) return [];
    const all = one.busy + one.busy_elsewhere;
    const bars = [
      { colour: palette.primary.main, from: 0, until: one.busy },
      { colour: palette.text.disabled, from: one.busy, until: all },
    ].filter(({ from, until }) => until > from);
    const line = { colour: palette.success.main, from: one.offered ?? 0, until: one.offered ?? 0 };
    return one.offered === null ? bars : [...bars, line];
  };
  return <DayChart summary={summary} most={most} marksOf={marksOf} />;
};
