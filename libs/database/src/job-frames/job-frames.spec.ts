import { createTestDatabase } from '@horde/testing/database';
import {
  executorToMiner,
  facilitatorToValidator,
  type FieldKind,
  fieldsOf,
  minerToExecutor,
  minerToValidator,
  validatorToFacilitator,
  validatorToMiner,
  type WireClass,
} from '@horde/protocol';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobFrameTable, Database, type ExchangedFrame, JobFrames, openDatabase } from '../index.ts';

class CreateTables1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table job (uuid uuid primary key default gen_random_uuid(), validator text)');
    await createJobFrameTable(runner);
  }

  async down(): Promise<void> {}
}

let database: Database;
let frames: JobFrames;
const errors: unknown[] = [];

const keeping = (isKept: boolean) =>
  new JobFrames(
    database,
    {
      validator: 'select uuid from job where uuid = called and validator = who',
      executor: 'select uuid from job where uuid = called',
    },
    isKept,
    (error) => errors.push(error),
  );

beforeAll(async () => {
  const url = await createTestDatabase();
  const migrations = [CreateTables1795000000000];
  database = new Database(
    await openDatabase({ service: 'test', url, entities: [], migrations, poolSize: 4 }),
  );
  frames = keeping(true);
});
afterAll(() => database.dataSource.destroy());

async function newJob(): Promise<string> {
  const sql = `insert into job (validator) values ('5Own') returning uuid`;
  const [{ uuid }] = await database.manager.query<[{ uuid: string }]>(sql);
  return uuid;
}

const frame = (job: string, message: object, more: Partial<ExchangedFrame> = {}): ExchangedFrame => ({
  peer: 'validator',
  who: '5Own',
  job,
  isSent: false,
  text: JSON.stringify(message),
  ...more,
});

describe('what is exchanged about a job', () => {
  it('is kept in its order, with its peer, its type and its size', async () => {
    const job = await newJob();
    frames.note(frame(job, { message_type: 'V0InitialJobRequest', job_uuid: job }));
    frames.note(frame(job, { message_type: 'V0ExecutorReadyRequest' }, { peer: 'executor', who: '' }));
    frames.note(frame(job, { message_type: 'V0JobOutputChunk', data: 'abc' }, { peer: 'executor' }));
    frames.note(frame(job, { message_type: 'V0AcceptJobRequest', odd: 'a\0b\ud800' }, { isSent: true }));
    const { frames: kept, isFull } = (await frames.of(job))!;
    expect(kept.map(({ peer, is_sent, type, called }) => [peer, is_sent, type, called])).toEqual([
      ['validator', false, 'V0InitialJobRequest', job],
      ['executor', false, 'V0ExecutorReadyRequest', job],
      ['validator', true, 'V0AcceptJobRequest', job],
    ]);
    expect(kept[2]!.body).toBe(String.raw`{"message_type":"V0AcceptJobRequest","odd":"a␀b\ud800"}`);
    expect(kept[0]!.size).toBe(JSON.stringify({ message_type: 'V0InitialJobRequest', job_uuid: job }).length);
    expect(isFull).toBe(false);
  });

  it('is bounded for each job, for each frame, and in what is read at all', async () => {
    const [many, long] = [await newJob(), await newJob()];
    for (let at = 0; at < 300; at++) frames.note(frame(many, { message_type: 'M', at }));
    const { frames: kept, isFull } = (await frames.of(many))!;
    expect([kept.length, isFull]).toEqual([200, true]);
    frames.note(frame(many, { message_type: 'M' }));
    expect((await frames.of(many))!.frames).toHaveLength(200);

    const texts = Array.from({ length: 50 }, () => 'x y '.repeat(100));
    frames.note(frame(long, { message_type: 'V0JobFinishedRequest', text: 'x'.repeat(300_000) }));
    for (let at = 0; at < 60; at++) frames.note(frame(long, { message_type: 'M', texts }));
    const { frames: cut } = (await frames.of(long))!;
    expect(cut.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)).toBeLessThan(256 * 1024);
    expect(cut.at(-1)!.body).toMatch(/… \[\d+ characters\]$/);
    expect(cut[0]).toMatchObject({ type: 'V0JobFinishedRequest', size: expect.any(Number), body: null });
  });

  it('is the job’s own peers’ only, and may come before the job is stored', async () => {
    const job = await newJob();
    frames.note(frame(job, { message_type: 'M' }, { who: '5Other' }));
    frames.note(frame('no-uuid', { message_type: 'M' }));
    const later = crypto.randomUUID();
    frames.note(frame(later, { message_type: 'V0InitialJobRequest' }));
    expect(await frames.of(job)).toEqual({ frames: [], isFull: false });
    await database.manager.query(`insert into job values ($1, '5Own')`, [later]);
    expect((await frames.of(later))!.frames).toHaveLength(1);
  });

  it('goes with the job, and is not kept at all where the operator says so', async () => {
    const job = await newJob();
    const none = keeping(false);
    none.note(frame(job, { message_type: 'M' }));
    expect((await none.of(job))!.frames).toEqual([]);
    frames.note(frame(job, { message_type: 'M' }));
    expect((await frames.of(job))!.frames).toHaveLength(1);
    await database.manager.query('delete from job where uuid = $1', [job]);
    expect(await frames.of(job)).toBe(null);
    expect(await database.manager.query('select from job_frame where job_uuid = $1', [job])).toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** Stands in every secret below, and must not be found again. */
const mark = 'S3CRETMARK';
const secrets = {
  'a Hugging Face token': `hf_${mark}abcdefghijkl`,
  'a presigned URL': `https://${mark}:x@store.example/a?X-Amz-Signature=${mark}&X-Amz-Expires=1#${mark}`,
  'a query without its address': `GET /a/b?sig=${mark}&se=2030 HTTP/1.1`,
  'a certificate': `-----BEGIN CERTIFICATE-----\n${mark}\n-----END CERTIFICATE-----\n`,
  'half a private key': `-----BEGIN PRIVATE KEY-----\\n${mark}`,
  'a header': `Authorization: Bearer ${mark}.abc-def`,
  'a signed token': `eyJ${mark}.eyJ${mark}.${mark}`,
  'a variable': `said: AWS_SECRET_ACCESS_KEY=${mark}; done`,
  'an option': `--hf-token ${mark} --model m`,
  'JSON in a text': `{"ok":true,"session_token":"${mark}"}`,
  'a text that is far too long': `${'x'.repeat(5_000)}${mark}`,
};
/** Where a secret has no form of its own, its field says that it is one. */
const plainFields = ['executor_token', 'token', 'signature', 'validator_signature', 'miner_signature'];
/** Without a mark: known by their form. */
const token = '0b5f3c6a-0d1b-7c2a-9b1e-2f4d5a6b7c8d-1b5f3c6a-0d1b-7c2a-9b1e-2f4d5a6b7c8d';
const signatures = [`0x${'ab'.repeat(64)}`, `${'Zm'.repeat(43)}==`];

/** A message of a class with a secret in every field that can hold one. @param turn chooses among variants */
function planted(type: WireClass, secret: string, turn: number): object {
  const initial = new type() as Record<string, unknown>;
  const plain = (name: string) => (plainFields.includes(name) ? mark : secret);
  const value = (name: string, kind: FieldKind): unknown => {
    switch (kind.is) {
      case 'text':
        return name === 'contents' && !/^[a-z]+:/.test(secret) ? `${mark}${secret}` : plain(name);
      case 'texts':
      case 'textOrTexts':
        return [secret, '--password', mark, secret];
      case 'textMap':
        return { NAME: ['env', 'artifacts', 'form_fields', 'signed_headers'].includes(name) ? mark : secret };
      case 'json':
      case 'jsonObject':
        return { [secret]: secret, list: [secret, { deep: secret, env: { A: mark }, api_key: mark }] };
      case 'oneOf':
        return typeof initial[name] === 'string' ? initial[name] : kind.words[0];
      case 'tolerant':
        return secret;
      case 'object':
        return planted(kind.of(), secret, turn);
      case 'objects':
        return [planted(kind.of(), secret, turn)];
      case 'variant':
        return planted(kind.of()[turn % kind.of().length]!, secret, turn);
      case 'variants':
        return kind.of().map((one) => planted(one, secret, turn));
      default:
        return 1;
    }
  };
  return Object.fromEntries(fieldsOf(type).map(({ name, kind }) => [name, value(name, kind)]));
}

describe('no secret is stored', () => {
  beforeAll(() => database.manager.query('truncate job_frame'));

  const directions = [
    facilitatorToValidator,
    validatorToFacilitator,
    validatorToMiner,
    minerToValidator,
    minerToExecutor,
    executorToMiner,
  ];
  const classes = [...new Set(directions.flatMap((direction): WireClass[] => [...direction.classes]))];

  it.each(Object.entries({ ...secrets, token, 'a signature': signatures[0]!, another: signatures[1]! }))(
    '%s, in any field of any message',
    async (_, secret) => {
      // One job for each class: all are within what is kept of one.
      let expected = 0;
      for (const type of classes) {
        const job = await newJob();
        for (let turn = 0; turn < 7; turn++) {
          frames.note(frame(job, planted(type, secret, turn), { peer: 'executor', who: '' }));
          expected++;
        }
      }
      await frames.beforeApplicationShutdown();
      const bodies = await database.manager.query<{ body: string; type: string }[]>(
        'with gone as (delete from job_frame returning *) select type, body from gone',
      );
      const passing = 4; // what is output, or progress
      expect(bodies.length).toBe(expected - 7 * passing);
      const found = bodies.find(({ body }) => [mark, token, ...signatures].some((one) => body.includes(one)));
      expect(found).toBeUndefined();
      // It is the secrets that are gone, and not the messages.
      expect(bodies.filter(({ body }) => body.includes('"message_type":"V0'))).not.toHaveLength(0);
    },
  );
});
