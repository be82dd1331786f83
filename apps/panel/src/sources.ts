import type { PanelList } from '@horde/panel-api';
import type { GetListParams, GetListResult, RaRecord } from 'react-admin';
import { ask } from './api.ts';
import { CursorPages, type Behind } from './cursor-pages.ts';

type Row = Record<string, unknown>;

/** How the rows of a resource are asked for. */
export interface Source {
  list: (params: GetListParams) => Promise<GetListResult>;
  one: (id: string) => Promise<RaRecord>;
  /** Creates a row, or changes one. Left out: that cannot be done. */
  save?: (data: Partial<RaRecord>) => Promise<RaRecord>;
}

interface Options {
  /** The field that tells rows apart. */
  id: string;
  /** The parameter that a cursor is sent in. @default cursor */
  cursor?: string;
}

const withId = (row: Row, id: string): RaRecord => ({ ...row, id: row[id] as string });

/** A list that grows: it is read a piece at a time, newest first, and filtered by the service. @param path below `/admin/api/` */
export function cursorList(path: string, { id, cursor: parameter = 'cursor' }: Options): Source {
  const pages = new CursorPages((query, cursor) =>
    ask<Behind<Row> & Partial<PanelList<Row>>>(`${path}?${query}&${parameter}=${encodeURIComponent(cursor)}`),
  );
  return {
    list: async ({ pagination, filter }) => {
      const { page = 1, perPage = 25 } = pagination ?? {};
      const query = new URLSearchParams({ page_size: String(perPage) });
      for (const [name, value] of Object.entries(filter as Record<string, string>))
        if (value) query.set(name, value);
      const found = await pages.page(query.toString(), page);
      return {
        data: (found?.results ?? []).map((row) => withId(row, id)),
        pageInfo: { hasNextPage: typeof found?.next === 'string', hasPreviousPage: page > 1 },
        meta: { count: found?.count, isEstimate: found?.is_estimate ?? false },
      };
    },
    one: async (key) => ({ ...(await ask<Row>(`${path}/${encodeURIComponent(key)}`)), id: key }),
  };
}

/** A list that comes as a whole: it is sorted and cut into pages here. @param path below `/admin/api/` */
export function wholeList(path: string, { id }: Options): Source {
  const all = async () => {
    const { results } = await ask<{ results: Row[] }>(path);
    return results.map((row) => withId(row, id));
  };
  return {
    list: async ({ pagination, sort }) => {
      const rows = await all();
      if (sort && sort.field !== 'id') {
        const sign = sort.order === 'ASC' ? 1 : -1;
        rows.sort((one, other) => sign * compare(one[sort.field], other[sort.field]));
      }
      const { page = 1, perPage = 25 } = pagination ?? {};
      return { data: rows.slice((page - 1) * perPage, page * perPage), total: rows.length };
    },
    one: async (key) => {
      const found = (await all()).find((row) => row.id === key);
      if (!found) throw new Error('It is not there any more.');
      return found;
    },
  };
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return textOf(one).localeCompare(textOf(other));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
