import type { PanelJobOutput, PanelOutputStream } from '@horde/panel-api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ask } from '../../api.ts';
import { useLive } from '../live/use-live.ts';
import type { Printed } from './printed-text.tsx';

/** The newest of what a stream has printed is shown: so many characters. */
const shown = 500_000;
/** The pause before the next part is asked for. @unit ms */
const pause = 100;

export interface ShownOutput {
  isKept: boolean;
  printed: Printed;
  /** What follows is asked for from here. @unit bytes */
  reached: { stdout: number; stderr: number } | null;
  hasMore: boolean;
  hasEnded: boolean;
}

/** What a job prints, as far as the service behind the page has it: read on as it comes. */
export function useJobOutput(uuid: string): ShownOutput | undefined {
  const queries = useQueryClient();
  const queryKey = ['output', uuid];
  const live = useLive();
  const { data } = useQuery({
    queryKey,
    queryFn: async () => {
      const before = queries.getQueryData<ShownOutput>(queryKey);
      const places = new URLSearchParams();
      for (const [stream, place] of Object.entries(before?.reached ?? {})) places.set(stream, String(place));
      return withNews(before, await ask<PanelJobOutput>(`jobs/${uuid}/output?${places.toString()}`));
    },
    refetchInterval: ({ state }) => (state.data?.hasMore ? pause : state.data?.hasEnded ? false : live),
  });
  return data;
}

function withNews(before: ShownOutput | undefined, news: PanelJobOutput): ShownOutput {
  const { is_kept: isKept, stdout, stderr } = news;
  const text = (stream: keyof Printed) =>
    withMore(before?.printed[stream] ?? '', before?.reached?.[stream] ?? 0, news[stream]);
  return {
    isKept,
    printed: { stdout: text('stdout'), stderr: text('stderr') },
    // What is kept from a moment on is read from its beginning.
    reached: isKept ? { stdout: stdout.to, stderr: stderr.to } : null,
    hasMore: [stdout, stderr].some((stream) => stream.text !== '' && !stream.has_ended),
    hasEnded: stdout.has_ended && stderr.has_ended,
  };
}

function withMore(printed: string, reached: number, { from, text }: PanelOutputStream): string {
  const gap = from > reached ? `[${(from - reached).toLocaleString()} bytes are not shown]\n` : '';
  return (printed + gap + text).slice(-shown);
}
