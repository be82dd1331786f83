import { createTestDatabase } from '@horde/testing/database';
import { keptOutput, type OutputStream } from '@horde/protocol';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createJobOutputTables,
  Database,
  forgetOrderOfJobOutput,
  JobOutputStore,
  keepOutput,
  openDatabase,
  orderJobOutput,
} from '../index.ts';

class CreateTables1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table job (uuid uuid primary key default gen_random_uuid(), over boolean not null default false)',
    );
    await createJobOutputTables(runner);
    await orderJobOutput(runner);
  }

  async down(): Promise<void> {}
}

let database: Database;
let store: JobOutputStore;
const keep = keepOutput;

beforeAll(async () => {
  const url = await createTestDatabase();
  database = new Database(
    await openDatabase({
      service: 'test',
      url,
      entities: [],
      migrations: [CreateTables1795000000000],
      poolSize: 4,
    }),
  );
  store = new JobOutputStore(database, 'over');
});
afterAll(() => database.dataSource.destroy());

async function newJob(): Promise<string> {
  const [{ uuid }] = await database.manager.query<[{ uuid: string }]>(
    'insert into job default values returning uuid',
  );
  await keep.run(database.manager, [uuid]);
  return uuid;
}

const add = (
  job: string,
  offset: number,
  data: string | Buffer,
  end = false,
  stream: OutputStream = 'stdout',
) => store.append(job, stream, { offset, data: Buffer.from(data), end });

/** All that a reader gets who comes now: pieces with their offsets, and whether the stream ends. */
async function readAll(job: string, max: number, offset = 0, stream: OutputStream = 'stdout') {
  const pieces: [number, string][] = [];
  for (let at = offset; ;) {
    const part = await store.read(job, stream, at, max);
    if (!part) return { pieces, end: false };
    expect(part.data.length).toBeLessThanOrEqual(max);
    const last = pieces.at(-1);
    if (last && last[0] + last[1].length === part.offset) last[1] += part.data.toString('latin1');
    else pieces.push([part.offset, part.data.toString('latin1')]);
    if (part.end) return { pieces, end: true };
    at = part.offset + part.data.length;
  }
}

describe("a job's stored output", () => {
  it('is read whole, from any offset and in pieces of any size, however small it came', async () => {
    const job = await newJob();
    let text = '';
    for (let count = 0; text.length < 5_000; count++) {
      const line = `line ${count}\n`;
      await add(job, text.length, line);
      text += line;
    }
    await add(job, text.length, 'x'.repeat(70_000));
    text += 'x'.repeat(70_000);
    expect(await readAll(job, 65_536)).toEqual({ pieces: [[0, text]], end: false });
    expect(await readAll(job, 777, 4_321)).toEqual({ pieces: [[4_321, text.slice(4_321)]], end: false });
    await add(job, text.length, '', true);
    expect(await readAll(job, 65_536, text.length)).toEqual({ pieces: [[text.length, '']], end: true });
    const [{ rows }] = await database.manager.query<[{ rows: number }]>(
      'select count(*)::int as rows from job_output_part where job_uuid = $1',
      [job],
    );
    expect(rows).toBeLessThan(6);
  });

  it('changes nothing when it comes again, in other pieces, or from two sides at once', async () => {
    const job = await newJob();
    await add(job, 0, 'abc');
    await add(job, 0, 'abc');
    await Promise.all([add(job, 0, 'abcdef'), add(job, 2, 'cdefgh'), add(job, 1, 'bcde')]);
    expect(await readAll(job, 100)).toEqual({ pieces: [[0, 'abcdefgh']], end: false });
    await add(job, 8, '!', true);
    await add(job, 9, 'more');
    expect(await readAll(job, 100)).toEqual({ pieces: [[0, 'abcdefgh!']], end: true });
  });

  it('keeps its two ends, and tells where bytes are missing', async () => {
    const job = await newJob();
    const { first, last } = keptOutput;
    const piece = 256 * 1024;
    const total = first + last + 8 * piece;
    for (let at = 0; at < total; at += piece)
      await add(job, at, Buffer.alloc(piece, 97 + ((at / piece) % 26)));
    await add(job, total + 10, 'end', true);
    const { pieces, end } = await readAll(job, 65_536);
    expect(end).toBe(true);
    const ranges = pieces.map(([offset, text]) => [offset, offset + text.length]);
    expect(ranges[0]).toEqual([0, first]);
    expect(ranges[1]![0]).toBeLessThanOrEqual(total + 13 - last);
    expect(ranges[1]![0]).toBeGreaterThan(total - last - piece);
    expect(ranges.slice(1)).toEqual([
      [ranges[1]![0], total],
      [total + 10, total + 13],
    ]);
  });

  it('keeps the two ends of the job, however its streams share them, and no stream more for being alone', async () => {
    const job = await newJob();
    const { first, last } = keptOutput;
    const piece = 256 * 1024;
    const at = { stdout: 0, stderr: 0 };
    const came: { stream: OutputStream; offset: number }[] = [];
    const print = async (stream: OutputStream, size: number, before = 0) => {
      came.push({ stream, offset: (at[stream] += before) });
      await add(job, at[stream], Buffer.alloc(size, 'x'), false, stream);
      at[stream] += size;
    };
    const [pieces, middle] = [(first + last) / piece, 12];
    // What is known to be lost is no output: it takes nothing of what is kept.
    for (let count = 0; count < pieces + middle; count++)
      await print(count % 4 === 0 ? 'stderr' : 'stdout', piece, count === pieces ? 10 * last : 0);
    await print('stderr', 1);
    const rows = await database.manager.query<{ stream: OutputStream; offset: string }[]>(
      'select stream, "offset" from job_output_part where job_uuid = $1 order by place',
      [job],
    );
    const kept = rows.map(({ stream, offset }) => ({ stream, offset: Number(offset) }));
    expect(kept).toEqual([...came.slice(0, first / piece), ...came.slice(-1 - last / piece)]);
    const few = await newJob();
    await add(few, 0, Buffer.alloc(first + last, 'x'));
    expect((await readAll(few, 65_536)).pieces.map(([, text]) => text.length)).toEqual([first + last]);
  });

  it('keeps lines of both streams that take turns in few rows, and as many of them as it says', async () => {
    const job = await newJob();
    const lines = 120;
    for (let count = 0; count < lines; count++)
      for (const stream of ['stdout', 'stderr'] as const)
        await add(job, count * 16, `line ${String(count).padStart(10)}\n`, false, stream);
    const [{ rows }] = await database.manager.query<[{ rows: number }]>(
      'select count(*)::int as rows from job_output_part where job_uuid = $1',
      [job],
    );
    expect(rows).toBeLessThan(6);
    for (const stream of ['stdout', 'stderr'] as const)
      expect((await readAll(job, 65_536, 0, stream)).pieces.map(([, text]) => text.length)).toEqual([
        lines * 16,
      ]);
  });

  it('goes on where it was stored before both streams were counted together', async () => {
    const job = await newJob();
    await add(job, 0, 'abc');
    await add(job, 5, 'xy', false, 'stderr');
    const runner = database.dataSource.createQueryRunner();
    await forgetOrderOfJobOutput(runner);
    await orderJobOutput(runner);
    await runner.release();
    await add(job, 3, 'def');
    expect(await readAll(job, 100)).toEqual({ pieces: [[0, 'abcdef']], end: false });
    const rows = await database.manager.query<unknown[]>(
      'select stream, came from job_output where job_uuid = $1 order by stream',
      [job],
    );
    expect(rows).toEqual([
      { stream: 'stderr', came: '7' },
      { stream: 'stdout', came: '6' },
    ]);
  });

  it('ends with its job where nothing more can come, is freed for who has all of it, and goes with its job', async () => {
    const job = await newJob();
    await add(job, 0, 'abc');
    await database.manager.query('update job set over = true where uuid = $1', [job]);
    expect(await readAll(job, 100)).toEqual({ pieces: [[0, 'abc']], end: true });
    await add(job, 3, 'd', true);
    await store.free(job, 'stdout', 3);
    expect((await readAll(job, 100)).pieces).toEqual([[0, 'abcd']]);
    await store.free(job, 'stdout', 4);
    expect(await readAll(job, 100)).toEqual({ pieces: [[4, '']], end: true });
    expect(await store.of(job)).toContainEqual({ stream: 'stdout', received: 4, ended: true });
    await database.manager.query('delete from job where uuid = $1', [job]);
    expect(await store.read(job, 'stdout', 0, 100)).toBeUndefined();
    await add(job, 0, 'nobody keeps it');
  });
});
