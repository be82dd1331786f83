import { momentWords } from '../words.ts';

export const Moment = ({ time }: { time: string | null }) => (
  <time {...(time && { dateTime: time, title: time })}>{momentWords(time)}</time>
);
