import { HordeClientError } from './client-error.ts';
import { filterParameters, passes, type JobFilters } from './job-filters.ts';
import { readPage, type JobResource } from './job-resource.ts';
import type { Session } from './session.ts';

export interface ListOptions extends JobFilters {
  /** Where the page begins: `next` of the page before. @default at the newest job */
  cursor?: string | null;
  /** At most 256. @default 10 */
  pageSize?: number;
  /** Without results, for lists of many: `refresh` reads the rest of one. @default false */
  lean?: boolean;
  signal?: AbortSignal;
}

/** Some of a hotkey's jobs, newest first. */
interface Listed {
  resources: JobResource[];
  /** The cursor of the next page; null: there is none. */
  next: string | null;
}

/** Our own cursor for a facilitator that has none: how many jobs are before the page. */
const offsetForm = /^offset:(\d{1,12})$/;

/** A hotkey's jobs, page by page: by cursor where the facilitator has them, by number from ComputeHorde's. */
export class JobLists {
  constructor(private readonly session: Session) {}

  async page({ cursor, pageSize = 10, lean = false, signal, ...filters }: ListOptions): Promise<Listed> {
    const offset = Number(offsetForm.exec(cursor ?? '')?.[1] ?? 0);
    let size = pageSize;
    while (offset % size !== 0) size--;
    const query = new URLSearchParams([
      offset > 0 ? ['page', String(offset / size + 1)] : ['cursor', cursor ?? ''],
      ['page_size', String(size)],
      ...filterParameters(filters),
    ]);
    if (lean) query.set('lean', 'true');
    const answer = await this.session.send({
      method: 'GET',
      path: `api/v1/jobs/?${query.toString()}`,
      signal,
    });
    const { results, next, count } = readPage(answer);
    if (count === undefined) return { resources: results, next };
    return {
      resources: results.filter((job) => passes(job, filters)),
      next: next === null ? null : `offset:${offset + size}`,
    };
  }

  /** Whether the facilitator knows cursors. */
  async haveCursors(signal?: AbortSignal): Promise<boolean> {
    const path = 'api/v1/jobs/?cursor=&page_size=1&lean=true';
    return readPage(await this.session.send({ method: 'GET', path, signal })).count === undefined;
  }

  /** All jobs that pass. Where a page of them is too large together, they are read one by one. */
  async *all(options: ListOptions): AsyncGenerator<JobResource> {
    const { pageSize = 10 } = options;
    let cursor: string | null = options.cursor ?? '';
    while (cursor !== null) {
      const whole: Listed | null = await this.page({ ...options, cursor }).catch((error: unknown) => {
        if (error instanceof HordeClientError && error.code === 'TOO_LARGE') return null;
        throw error;
      });
      if (whole) {
        yield* whole.resources;
        cursor = whole.next;
      }
      for (let left = whole ? 0 : pageSize; left > 0 && cursor !== null; left--) {
        const one: Listed = await this.page({ ...options, cursor, pageSize: 1 });
        yield* one.resources;
        cursor = one.next;
      }
    }
  }
}
