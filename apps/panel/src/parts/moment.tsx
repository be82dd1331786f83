import { clockWords, dayWords, zoneAt } from '../words.ts';

const whole = { whiteSpace: 'nowrap' } as const;

interface Props {
  time: string | null;
  /** What is said where there is none. @default never */
  none?: string;
  /** With milliseconds. */
  precise?: boolean;
}

/** A moment where its reader is. Where there is little room its day and its time stand below each other. */
export const Moment = ({ time, none = 'never', precise = false }: Props) => {
  if (time === null) return none;
  const moment = new Date(time);
  return (
    <time dateTime={time} title={time}>
      <span style={whole}>{dayWords(moment)}</span>{' '}
      <span style={whole}>
        {clockWords(moment, precise)} {zoneAt(moment)}
      </span>
    </time>
  );
};
