/** What the lists of a user with a million jobs cost: the first pages, those far down, and those that are filtered. */
import type { FacilitatorProcess } from '@horde/testing/facilitator-process';
import type { Figure } from '../figure.ts';
import { userWithJobs } from './user-with-jobs.ts';

const jobs = 1_000_000;
/** As many as there are before the server vacuums by itself: it has vacuumed the others. */
const unvacuumed = 50_000;
const rounds = 9;
const pageSize = 10;

/** Each with its bar in ms. */
const pages: [name: string, query: string, bar: number][] = [
  ['first page by cursor', 'cursor=', 50],
  ['a lean page by cursor of 256 jobs', 'cursor=&lean=true&page_size=256', 50],
  ['a page by cursor of one job in a thousand', 'cursor=&status=failed', 50],
  [
    'a page by cursor of a status and a class that no job has both',
    'cursor=&status=failed&executor_class=always_on.gpu-24gb',
    50,
  ],
  ['a page by cursor of a namespace that no job has', 'cursor=&job_namespace=x', 50],
  ['page=1', 'page=1', 500],
  ['page=last', 'page=last', 500],
  ['the page in the middle', `page=${jobs / 2 / pageSize}`, 500],
  ['the page in the middle of one class', `page=${jobs / 4 / pageSize}&executor_class=always_on.test`, 500],
];

export async function listFigures(facilitator: FacilitatorProcess): Promise<Figure[]> {
  const kinds = { classes: ['always_on.test', 'always_on.gpu-24gb'], failed: 1_000 };
  const { store, read } = await userWithJobs(facilitator, { count: jobs - unvacuumed, ...kinds });
  const before = await read('page=1');
  await facilitator.query('vacuum (analyze) job');
  await facilitator.query('vacuum (analyze) job_status');
  await store({ first: jobs - unvacuumed + 1, count: unvacuumed, ...kinds });
  const figures: Figure[] = [await followed(read)];
  for (const [name, query, bar] of pages) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push((await read(query)).whole);
    const value = times.toSorted((a, b) => a - b)[(rounds - 1) / 2]!;
    figures.push({ name, value, unit: 'ms', bar, atLeast: false, note: `of ${jobs} jobs` });
  }
  figures.push({
    name: `page=1 where none has been vacuumed`,
    value: before.whole,
    unit: 'ms',
    bar: null,
    atLeast: false,
  });
  return figures;
}

/** The slowest of the pages that follow each other by their cursors. */
async function followed(read: Awaited<ReturnType<typeof userWithJobs>>['read']): Promise<Figure> {
  let slowest = 0;
  let cursor: string | null = '';
  for (let page = 0; page < 100 && cursor !== null; page++) {
    const { whole, text }: { whole: number; text: string } = await read(`cursor=${cursor}`);
    slowest = Math.max(slowest, whole);
    cursor = (JSON.parse(text) as { next: string | null }).next;
  }
  return { name: 'the slowest of 100 pages by cursor', value: slowest, unit: 'ms', bar: 50, atLeast: false };
}
