import { useQueryClient, type QueryClient, type QueryFilters } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';

/** How often a page asks again while nothing tells it when. @unit ms */
const often = 5_000;
/** How often it asks although it is told: what tells it may be lost. @unit ms */
const seldom = 60_000;
/** How often a page asks that also shows what nothing rings for: whether the engines of hosts answer. @unit ms */
export const sometimes = 10_000;

/** When a stream that was refused is asked for again. @unit ms */
const refusedPause = 30_000;
/** How long the stream stays open when nothing needs it: the next page will. @unit ms */
const leavingPause = 2_000;

/** The stream that tells which resources have changed: one for the page, open while something on it needs it. */
const stream = {
  source: null as EventSource | null,
  isOpen: false,
  readers: new Set<() => void>(),
  queries: null as QueryClient | null,
  leaving: undefined as number | undefined,
};

function setOpen(isOpen: boolean): void {
  stream.isOpen = isOpen;
  for (const changed of stream.readers) changed();
}

function open(): void {
  const source = new EventSource('/admin/api/live');
  stream.source = source;
  source.addEventListener('open', () => {
    setOpen(true);
    // What has changed since it was asked for, nobody has told.
    void askAgain();
  });
  source.addEventListener('error', () => {
    setOpen(false);
    // The browser itself comes back only where nobody has answered.
    if (source.readyState === EventSource.CLOSED)
      setTimeout(() => {
        if (stream.source === source) open();
      }, refusedPause);
  });
  source.addEventListener('changed', ({ data }: MessageEvent<string>) => {
    for (const resource of JSON.parse(data) as string[]) void askAgain({ queryKey: [resource] });
  });
}

/** What is just being asked for the first time goes on, and may be answered as it was before: it is asked for once more. */
async function askAgain(filters: QueryFilters = {}): Promise<void> {
  const { queries } = stream;
  if (!queries) return;
  const areFirst = queries.isFetching({ ...filters, predicate: ({ state }) => state.data === undefined }) > 0;
  await queries.invalidateQueries(filters);
  if (areFirst) await queries.invalidateQueries(filters);
}

function subscribe(changed: () => void): () => void {
  stream.readers.add(changed);
  clearTimeout(stream.leaving);
  if (stream.source === null) open();
  return () => {
    stream.readers.delete(changed);
    if (stream.readers.size > 0) return;
    clearTimeout(stream.leaving);
    stream.leaving = setTimeout(close, leavingPause);
  };
}

function close(): void {
  stream.source?.close();
  stream.source = null;
  stream.isOpen = false;
}

/**
 * Has whatever is asked for on a page, under the name of its resource, asked for again when it changes.
 *
 * @param pause how often it is to be asked for although it is told. @unit ms
 * @returns how often it is to be asked for beside that: often where there is no stream. @unit ms
 */
export function useLive(pause = seldom): number {
  const queries = useQueryClient();
  useEffect(() => void (stream.queries = queries), [queries]);
  return useSyncExternalStore(subscribe, () => stream.isOpen) ? pause : often;
}
