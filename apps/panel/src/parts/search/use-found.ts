import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useResourceDefinitions } from 'react-admin';
import type { Finder } from './finders.ts';
import { foundPages, type Found } from './found-pages.ts';

/** What a `Resource` of this panel says of itself for the search, in its `options`. */
interface SearchOptions {
  label?: string;
  /** What operators of ComputeHorde's services know its page as: "CONSTANCE". */
  alsoCalled?: readonly string[];
  /** Finds its records. */
  find?: Finder;
}

/** How long nothing is typed before the service is asked. @unit ms */
const pause = 200;

/** The pages of this panel and the records of its service that a text means; none for an empty one. */
export function useFound(text: string): Found[] {
  const definitions = Object.values(useResourceDefinitions<SearchOptions>());
  const typed = useSettled(text.trim());
  const { data: records = [] } = useQuery({
    queryKey: ['search', typed],
    queryFn: async () => {
      const found = await Promise.allSettled(definitions.map(recordsOf(typed)));
      return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    },
    enabled: typed !== '',
    placeholderData: keepPreviousData,
  });
  if (text.trim() === '') return [];
  const pages = definitions
    .filter(({ hasList }) => hasList)
    .map(({ name, options }) => ({
      path: `/${name}`,
      label: options?.label ?? name,
      alsoCalled: options?.alsoCalled ?? [],
    }));
  pages.unshift({ path: '/', label: 'Overview', alsoCalled: ['Dashboard'] });
  return [...foundPages(pages, text.trim()), ...(typed === '' ? [] : records)];
}

type Definition = ReturnType<typeof useResourceDefinitions<SearchOptions>>[string];

const recordsOf =
  (text: string) =>
  async ({ name, hasShow, hasEdit, options }: Definition): Promise<Found[]> => {
    const found = (await options?.find?.(text)) ?? [];
    return found.map(({ id, detail }) => {
      const record = `/${name}/${encodeURIComponent(id)}`;
      const path = hasShow ? `${record}/show` : hasEdit ? record : `/${name}`;
      return { path, label: id, detail };
    });
  };

/** A text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pause);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
