import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { ask, type Answer } from '../testing/user.ts';
import type { LeanJob } from './lean-job.ts';

const count = 25;
const [own, foreign] = [Keypair.generate().address, Keypair.generate().address];
const validator = Keypair.generate().address;
let facilitator: RunningFacilitator;
let tokens: Record<string, string>;
const query = (sql: string, ...values: unknown[]) => facilitator.database.manager.query(sql, values);

/** Numbered from the newest, 1; the images tell the numbers. Of three at a time all are of the same moment. */
beforeAll(async () => {
  facilitator = await startFacilitator([]);
  tokens = { [own]: await facilitator.allow(own), [foreign]: await facilitator.allow(foreign) };
  for (const hotkey of [own, foreign]) await storeJobs(query, { hotkey, validator, count, artifacts: 100 });
  await query(`
    update job set docker_image = number::text, created_at = timestamptz '2026-01-02T00:00:00.123456Z' - number / 3 * interval '1 hour',
      status = case when number % 5 = 0 then 'horde_failed' when number % 5 = 1 then 'accepted' else 'completed' end,
      executor_class = case when number % 2 = 0 then 'always_on.gpu-24gb' else executor_class end,
      tag = case when number % 3 = 0 then 'nightly' else '' end, job_namespace = case when number % 4 = 0 then 'SN12' end
    from (select uuid, row_number() over (partition by hotkey order by created_at desc) as number from job) numbered
    where numbered.uuid = job.uuid`);
  await query(`update job_status set status = job.status from job
               where job.uuid = job_uuid and job_status.status = 'completed' and job.status <> 'completed'`);
});
afterAll(() => facilitator.stop());

const list = (parameters: string, hotkey = own): Promise<Answer> =>
  ask(`${facilitator.url}/api/v1/jobs/?${parameters}`, {
    headers: { authorization: `Bearer ${tokens[hotkey]}` },
  });

/** The numbers of all jobs of a list, read page by page, and how many pages there were. */
async function numbersOf(parameters: string): Promise<{ numbers: number[]; pages: number }> {
  const numbers: number[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const { status, json } = await list(`${parameters}&lean=true&cursor=${cursor}`);
    expect(status).toBe(200);
    numbers.push(...(json.results as LeanJob[]).map(({ docker_image }) => Number(docker_image)));
    cursor = json.next as string | null;
  }
  return { numbers, pages };
}

const where = (matches: (number: number) => boolean): number[] =>
  Array.from({ length: count }, (_, at) => at + 1).filter(matches);
const ascending = (numbers: number[]) => numbers.toSorted((a, b) => a - b);
const hour = (number: number): number => Math.floor(number / 3);

describe('a list that is read by its cursor', () => {
  it('has every job once, newest first, also of those that were created in one moment', async () => {
    const { numbers, pages } = await numbersOf('page_size=4');
    expect(pages).toBe(7);
    expect(ascending(numbers)).toEqual(where(() => true));
    expect(numbers.map(hour)).toEqual(numbers.map(hour).toSorted((a, b) => a - b));
    expect((await numbersOf(`page_size=${count}`)).pages).toBe(1);
  });

  it('goes on where it was while jobs come and go', async () => {
    const first = (await list('lean=true&page_size=10&cursor=')).json;
    await query(`delete from job where uuid = $1`, first.results[9].uuid);
    const second = (await list(`lean=true&page_size=10&cursor=${first.next}`)).json;
    expect(second.results.length).toBe(10);
    expect(first.results.map(({ uuid }: LeanJob) => uuid)).not.toContain(second.results[0].uuid);
  });

  it.each<[string, (number: number) => boolean]>([
    ['status=horde_failed', (number) => number % 5 === 0],
    ['status=horde_failed&status=accepted', (number) => number % 5 < 2],
    ['executor_class=always_on.gpu-24gb', (number) => number % 2 === 0],
    ['tag=nightly', (number) => number % 3 === 0],
    ['job_namespace=SN12', (number) => number % 4 === 0],
    ['created_after=2026-01-01T19:00:00.123456Z', (number) => hour(number) <= 5],
    ['created_before=2026-01-01T20:00:00.123456%2B01:00', (number) => hour(number) > 5],
    ['created_before=2026-01-01T20:00:00.123456+01:00', (number) => hour(number) > 5],
    ['created_before=2026-01-01', () => false],
    [
      'tag=nightly&status=completed&executor_class=always_on.test',
      (number) => [3, 9, 27].includes(number % 30),
    ],
    ['unknown=1&tag=nightly', (number) => number % 3 === 0],
  ])('has with %s those alone, and so has the one by pages', async (parameters, matches) => {
    const deleted = await existing();
    const expected = where((number) => matches(number) && deleted.has(number));
    expect(ascending((await numbersOf(`page_size=2&${parameters}`)).numbers)).toEqual(expected);
    const page = (await list(`page_size=100&lean=true&${parameters}`)).json;
    expect(page.count).toBe(expected.length);
    expect(ascending(page.results.map((job: LeanJob) => Number(job.docker_image)))).toEqual(expected);
  });

  it('takes no cursor that is none, of another list, or of somebody else', async () => {
    const { next } = (await list('page_size=2&tag=&cursor=')).json;
    const refused = async (parameters: string, hotkey = own) => {
      const { status, json } = await list(parameters, hotkey);
      expect([status, Object.keys(json)]).toEqual([400, ['cursor']]);
      return json.cursor[0] as string;
    };
    for (const bad of ['x', `${next}A`, `${next.slice(0, -4)}`, 'A'.repeat(43), '%00', 'é'.repeat(200)])
      expect(await refused(`tag=&cursor=${bad}`)).toMatch(/no cursor of a list|other filters/);
    expect(await refused(`cursor=${next}`)).toMatch(/other filters/);
    expect(await refused(`tag=&status=failed&cursor=${next}`)).toMatch(/other filters/);
    expect(await refused(`tag=&cursor=${next}`, foreign)).toMatch(/other filters/);
    expect(await refused(`page=1&cursor=`)).toMatch(/not by both/);
    expect((await list(`tag=&page_size=7&lean=true&cursor=${next}`)).status).toBe(200);
  });
});

describe('a list by pages', () => {
  it('has the same jobs from whichever end it is reached', async () => {
    const all = (await list('page_size=100&lean=true')).json;
    const pages: LeanJob[] = [];
    for (let next = '?page_size=4&lean=true'; next;) {
      const { json } = await list(next.replace(/^.*\?/, ''));
      pages.push(...json.results);
      next = json.next;
    }
    expect(pages).toEqual(all.results);
    expect((await list('page_size=4&lean=true&page=last')).json.results).toEqual(all.results.slice(20));
  });
});

describe('a lean job', () => {
  it('has its facts alone, as its whole resource has them, and the status by its name', async () => {
    const { results } = (await list('cursor=&status=horde_failed&page_size=1&lean=true')).json;
    const whole = (await list(`uuid=${results[0].uuid}&lean=false`)).json.results[0];
    const { uuid, executor_class, created_at, last_update, status, docker_image, job_namespace, tag } = whole;
    expect(results).toEqual([
      {
        uuid,
        executor_class,
        created_at,
        last_update,
        status,
        last_status: 'horde_failed',
        docker_image,
        job_namespace,
        tag,
        target_validator_hotkey: validator,
      },
    ]);
  });
});

describe('a filter that cannot be', () => {
  it.each([
    ['status=done', 'status'],
    ['status=unknown', 'status'],
    ['status=', 'status'],
    ['status=sent&status=Failed', 'status'],
    ['executor_class=gpu', 'executor_class'],
    ['created_after=yesterday', 'created_after'],
    ['created_after=2026-02-30', 'created_after'],
    ['created_before=9999-12-31T23:59:59-23:00', 'created_before'],
    ['created_before=', 'created_before'],
    ['lean=yes', 'lean'],
    ['tag=a&tag=b', 'tag'],
    ['uuid=x', 'uuid'],
  ])('%s is refused by its name, by pages and by cursor', async (parameters, name) => {
    for (const kind of ['', '&cursor='])
      expect(await list(parameters + kind)).toMatchObject({
        status: 400,
        json: { [name]: [expect.any(String)] },
      });
  });

  it('is told with all others', async () => {
    const { json } = await list('status=a&lean=b&created_after=c');
    expect(Object.keys(json).toSorted()).toEqual(['created_after', 'lean', 'status']);
  });
});

async function existing(): Promise<Set<number>> {
  const rows = (await query('select docker_image from job where hotkey = $1', own)) as LeanJob[];
  return new Set(rows.map(({ docker_image }) => Number(docker_image)));
}
