import { useEffect, useState } from 'react';
import type { Printed } from '../parts/output/printed-text.tsx';

/** The newest of what a stream has printed is shown: so many characters. */
const shown = 500_000;

export interface Transfer {
  stage: string;
  name: string;
  done: number;
  total: number | null;
}

export interface JobNews {
  printed: Printed;
  transfers: Transfer[];
  /** Counts what the page of the job has to be read again for. */
  changes: number;
  /** Whether there is a connection, or none is needed any more. */
  state: 'live' | 'interrupted' | 'ended';
}

interface OutputEvent {
  stream: keyof Printed;
  text?: string;
  base64?: string;
}

const nothing: JobNews = { printed: { stdout: '', stderr: '' }, transfers: [], changes: 0, state: 'live' };

/** Follows a job by its events, docs/events.md, across interruptions. */
export function useJobEvents(uuid: string): JobNews {
  const [news, setNews] = useState(nothing);
  useEffect(() => {
    setNews(nothing);
    const source = new EventSource(`/admin/api/jobs/${uuid}/events`);
    const on = <T>(type: string, take: (data: T, before: JobNews) => Partial<JobNews>) =>
      source.addEventListener(type, (event: MessageEvent<string>) => {
        const data = JSON.parse(event.data) as T;
        setNews((before) => ({ ...before, ...take(data, before) }));
      });
    const changed = (_data: unknown, { changes }: JobNews) => ({ changes: changes + 1 });
    on('status', changed);
    on('wait', changed);
    on<Transfer>('progress', (transfer, { transfers }) => ({
      transfers: [
        ...transfers.filter((one) => one.stage !== transfer.stage || one.name !== transfer.name),
        transfer,
      ],
    }));
    on<OutputEvent>('output', ({ stream, text, base64 }, { printed }) => ({
      printed: withMore(printed, stream, text ?? textOf(base64 ?? '')),
    }));
    on<{ stream: keyof Printed; from: number; to: number }>('gap', ({ stream, from, to }, { printed }) => ({
      printed: withMore(printed, stream, `\n[${to - from} bytes are missing here]\n`),
    }));
    on('end', (_data, before) => {
      source.close();
      return { ...changed(null, before), state: 'ended' };
    });
    source.addEventListener('open', () => setNews((before) => ({ ...before, state: 'live' })));
    source.addEventListener('error', () =>
      setNews((before) => (before.state === 'ended' ? before : { ...before, state: 'interrupted' })),
    );
    return () => source.close();
  }, [uuid]);
  return news;
}

const withMore = (printed: Printed, stream: keyof Printed, text: string): Printed => ({
  ...printed,
  [stream]: (printed[stream] + text).slice(-shown),
});

/** Bytes that are no UTF-8, as far as they can be read. */
const textOf = (base64: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
