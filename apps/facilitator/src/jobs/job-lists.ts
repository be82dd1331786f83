import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { leanJobs } from './lean-job.ts';
import { ListConditions } from './list-conditions.ts';
import { writeCursor, type Position } from './list-cursor.ts';
import type { ListFilters } from './list-filters.ts';
import { invalidPage, type ListQuery } from './list-query.ts';
import { wireTime } from './job-rows.ts';

/** Which jobs are on a page of a list. */
export interface JobPage {
  /** Jobs on all pages. */
  count: number;
  page: number;
  pages: number;
  uuids: string[];
}

/** Which jobs follow a position in a list. */
export interface JobsBehind {
  /** The cursor of what follows these; null: nothing does. */
  next: string | null;
  uuids: string[];
}

type List = Pick<ListQuery, 'filters' | 'pageSize'>;

/** The lists of users' jobs, newest first. They are read from indexes alone where there is at most one filter. */
@Injectable()
export class JobLists {
  constructor(private readonly database: Database) {}

  /** @param wanted from 1; 'last': the last one @throws Refusal 404 when there is no such page */
  async page(hotkey: string, { filters, pageSize }: List, wanted: number | 'last'): Promise<JobPage> {
    const { manager } = this.database;
    const { text: where, parameters } = conditionsOf(hotkey, filters);
    const [{ count }] = await manager.query<[{ count: number }]>(
      `select count(*)::int as count from job where ${where}`,
      parameters,
    );
    const pages = Math.max(1, Math.ceil(count / pageSize));
    const page = wanted === 'last' ? pages : wanted;
    if (page > pages) throw invalidPage();
    const from = (page - 1) * pageSize;
    const size = Math.min(pageSize, count - from);
    // What is passed over is counted one by one: from the end that is nearer.
    const isNearEnd = from > count / 2;
    const rows = await manager.query<{ uuid: string }[]>(
      `select uuid from job where ${where} order by ${isNearEnd ? 'created_at, uuid desc' : 'created_at desc, uuid'}
       limit ${size} offset ${isNearEnd ? count - from - size : from}`,
      parameters,
    );
    const uuids = rows.map(({ uuid }) => uuid);
    return { count, page, pages, uuids: isNearEnd ? uuids.toReversed() : uuids };
  }

  /** @param position null: from the newest job on */
  async behind(hotkey: string, { filters, pageSize }: List, position: Position | null): Promise<JobsBehind> {
    const { statuses } = filters;
    const conditions = conditionsOf(hotkey, { ...filters, statuses: null });
    if (position) conditions.addPosition(position);
    const { text: where, parameters } = conditions;
    const inOrder = `order by created_at desc, uuid limit ${pageSize + 1}`;
    const select = `select uuid, created_at from job where ${where}`;
    // Of each status its newest ones: those of all statuses in order would be found by reading all jobs. Each is a
    // question of its own, so that the server knows how rare the status is.
    const ofStatus = (status: string) => `(${select} and status = $${parameters.push(status)} ${inOrder})`;
    const found = statuses
      ? `select * from (${[...new Set(statuses)].map(ofStatus).join(' union all ')}) newest ${inOrder}`
      : `${select} ${inOrder}`;
    const rows = await this.database.manager.query<{ uuid: string; created_at: string }[]>(
      `select uuid, ${wireTime('created_at')} as created_at from (${found}) found`,
      parameters,
    );
    const last = rows.length > pageSize ? rows[pageSize - 1]! : null;
    return {
      next: last && writeCursor({ createdAt: last.created_at, uuid: last.uuid }, hotkey, filters),
      uuids: rows.slice(0, pageSize).map(({ uuid }) => uuid),
    };
  }

  /** Lean jobs as JSON, with commas between them. */
  async *leanItems(uuids: string[]): AsyncGenerator<string> {
    yield (await leanJobs(this.database, uuids)).map((job) => JSON.stringify(job)).join();
  }
}

function conditionsOf(hotkey: string, filters: ListFilters): ListConditions {
  const conditions = new ListConditions();
  conditions.add(hotkey, (own) => `hotkey = ${own}`);
  conditions.addFilters(filters);
  return conditions;
}
