import { make, AcceptJob, VolumesReady } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTestDatabase } from '@horde/testing/database';
import {
  createOutboxTable,
  Database,
  DatabaseError,
  migrationsBeside,
  openDatabase,
  Outbox,
  OutboxDrain,
  OutboxRow,
  type OutboxMessage,
  pendingMigrations,
  PostgresDoorbell,
  FollowedStatement,
  PreparedStatement,
  type ContractingMigration,
} from './index.ts';

class First1795000000001 implements MigrationInterface {
  name = 'First1795000000001';
  up = async (runner: QueryRunner): Promise<void> =>
    void (await runner.query('create table thing (id int primary key)'));
  down = async () => undefined;
}

class Outbox1795000000002 implements MigrationInterface {
  name = 'Outbox1795000000002';
  up = (runner: QueryRunner) => createOutboxTable(runner);
  down = async () => undefined;
}

class Without1795000000003 implements ContractingMigration {
  name = 'Without1795000000003';
  replacedBy = 'Outbox1795000000002';
  up = async (runner: QueryRunner): Promise<void> => void (await runner.query('drop table thing'));
  down = async () => undefined;
}

class Slow1795000000001 extends First1795000000001 {
  override name = 'Slow1795000000001';
  override up = async (runner: QueryRunner) => {
    await runner.query('create table thing (id int primary key)');
    await runner.query('select pg_sleep(0.2)');
  };
}

const open = (url: string, migrations: (new () => MigrationInterface)[], service = 'miner') =>
  openDatabase({ service, url, entities: [OutboxRow], migrations, poolSize: 4 });

describe('the schema of a service', () => {
  it('is named after it, and two services share a database without meeting', async () => {
    const url = await createTestDatabase();
    const [miner, validator] = [
      await open(url, [First1795000000001]),
      await open(url, [First1795000000001], 'validator'),
    ];
    await miner.query('insert into thing values (1)');
    expect(await validator.query('select * from thing')).toEqual([]);
    expect(await miner.query(`select name from miner.migrations`)).toEqual([{ name: 'First1795000000001' }]);
    await Promise.all([miner.destroy(), validator.destroy()]);
  });

  it('is migrated once when four replicas start at the same moment', async () => {
    const url = await createTestDatabase();
    const replicas = await Promise.all([1, 2, 3, 4].map(() => open(url, [Slow1795000000001])));
    expect(await replicas[0]!.query('select name from migrations')).toEqual([{ name: 'Slow1795000000001' }]);
    await Promise.all(replicas.map((replica) => replica.destroy()));
  });

  it('that a newer version has added to is still used by the one before, which changes nothing', async () => {
    const url = await createTestDatabase();
    const newer = await open(url, [First1795000000001, Outbox1795000000002]);
    const older = await open(url, [First1795000000001]);
    await older.query('insert into thing values (1)');
    expect(await newer.query('select name from migrations order by id')).toEqual([
      { name: 'First1795000000001' },
      { name: 'Outbox1795000000002' },
    ]);
    await Promise.all([older.destroy(), newer.destroy()]);
  });

  it('from which a newer version has taken something refuses those that do not know what replaces it, with a sentence', async () => {
    const url = await createTestDatabase();
    await (await open(url, [First1795000000001, Outbox1795000000002, Without1795000000003])).destroy();
    await (await open(url, [First1795000000001, Outbox1795000000002])).destroy();
    await expect(open(url, [First1795000000001])).rejects.toThrow(
      'The database of miner was changed by a newer version (Outbox1795000000002, Without1795000000003). Run that version, or restore a backup.',
    );
  });

  it('is brought, beside the version that works on it, to where that one can live with it, and to its end by the start', async () => {
    const [all, url] = [
      [First1795000000001, Outbox1795000000002, Without1795000000003],
      await createTestDatabase(),
    ];
    const options = { service: 'miner', url, entities: [], migrations: all };
    const names = async () => (await migrationsBeside(options)).map(({ name }) => name);
    const facts = async () =>
      (await pendingMigrations(options)).map(({ name, ...words }) => [
        name.slice(0, -13),
        ...Object.values(words),
      ]);
    // A database without tables has nothing to lose.
    expect(await facts()).toEqual([
      ['First', false, false],
      ['Outbox', false, false],
      ['Without', false, false],
    ]);
    await (await open(url, [First1795000000001])).destroy();
    expect(await facts()).toEqual([
      ['Outbox', false, false],
      ['Without', true, true],
    ]);
    expect(await names()).toEqual(['First1795000000001', 'Outbox1795000000002']);
    await (await open(url, await migrationsBeside(options))).destroy();
    await (await open(url, [First1795000000001])).destroy();
    // Once the version that works on it knows what replaces it.
    expect(await facts()).toEqual([['Without', true, false]]);
    expect(await names()).toEqual(all.map(({ name }) => name));
    await (await open(url, all)).destroy();
    expect(await facts()).toEqual([]);
  });

  it('that a version has changed which does not say who may run on it is refused by those before', async () => {
    const url = await createTestDatabase();
    const newer = await open(url, [First1795000000001, Outbox1795000000002]);
    await newer.query('drop table needed_migration');
    await newer.destroy();
    await expect(open(url, [First1795000000001])).rejects.toThrow('(Outbox1795000000002)');
  });

  it('whose address is none says so without the password', async () => {
    const refused = open('postgres://u:secret@host:port/x', []);
    await expect(refused).rejects.toThrow(DatabaseError);
    await expect(refused).rejects.not.toThrow('secret');
    expect(JSON.stringify(await refused.catch((error: unknown) => error))).not.toContain('secret');
  });

  it('that cannot be reached says so', async () => {
    const refused = open('postgres://u:secret@127.0.0.1:1/x', []);
    await expect(refused).rejects.toThrow(DatabaseError);
    await expect(refused).rejects.toThrow(/^The database of miner cannot be used: .*ECONNREFUSED/);
    await expect(refused).rejects.not.toThrow('secret');
  });
});

describe('changes that are left for the end of a transaction', () => {
  const add = new PreparedStatement('insert into thing (id) values ($1), ($2)');
  const remove = new PreparedStatement('delete from thing where id = $1');
  let database: Database;
  beforeAll(async () => {
    database = new Database(await open(await createTestDatabase(), [First1795000000001]));
  });
  afterAll(() => database.dataSource.destroy());

  it('are made together, each with its own parameters, or not at all', async () => {
    const stored = () => database.manager.query('select id from thing order by id');
    await database.transaction(async (tx) => {
      tx.later(add, [1, 2]);
      expect(await tx.manager.query('select id from thing')).toEqual([]);
    });
    await database.transaction(async (tx) => {
      tx.later(remove, [1]);
      tx.later(add, [3, 4]);
    });
    expect(await stored()).toEqual([2, 3, 4].map((id) => ({ id })));
    const failed = database.transaction(async (tx) => {
      tx.later(remove, [2]);
      tx.later(add, [3, 5]);
    });
    await expect(failed).rejects.toThrow('duplicate key');
    expect(await stored()).toHaveLength(3);
  });
});

describe('changes that follow another one in its statement', () => {
  const added = (id: number) => ({
    text: (isMade: string) => `insert into thing (id) select $1::int where ${isMade}`,
    values: [id],
  });
  const rename = new FollowedStatement<{ id: number }>(
    (following) =>
      `with renamed as (update thing set id = $2 where id = $1 returning id)${following} select id from renamed`,
    'exists (select from renamed)',
  );
  let database: Database;
  beforeAll(async () => {
    database = new Database(await open(await createTestDatabase(), [First1795000000001]));
    await database.manager.query('insert into thing (id) values (1)');
  });
  afterAll(() => database.dataSource.destroy());

  it('are made where that is, each with its own parameters, and not at all where one of them fails', async () => {
    const stored = async () =>
      (await database.manager.query<{ id: number }[]>('select id from thing order by id')).map(
        ({ id }) => id,
      );
    expect(await rename.run(database.manager, [1, 2], [added(3), added(4)])).toEqual([{ id: 2 }]);
    expect(await stored()).toEqual([2, 3, 4]);
    expect(await rename.run(database.manager, [1, 5], [added(6)])).toEqual([]);
    expect(await stored()).toEqual([2, 3, 4]);
    await expect(rename.run(database.manager, [2, 5], [added(6), added(3)])).rejects.toThrow('duplicate key');
    expect(await stored()).toEqual([2, 3, 4]);
    expect(await rename.run(database.manager, [2, 5])).toEqual([{ id: 5 }]);
  });
});

describe('the outbox', () => {
  let database: Database;
  let outbox: Outbox;
  beforeAll(async () => {
    database = new Database(await open(await createTestDatabase(), [Outbox1795000000002]));
    outbox = new Outbox(database);
  });
  afterAll(() => database.dataSource.destroy());

  const put = (peer: string, subject: string) =>
    database.transaction((tx) => outbox.put(tx, peer, subject, make(AcceptJob, { job_uuid: subject })));

  /** Collects what a drain sends; `next(n)` resolves when n frames were sent. */
  function collector() {
    const sent: string[] = [];
    const ids: string[] = [];
    let wake = () => undefined as void;
    return {
      sent,
      ids,
      send: async (row: OutboxMessage) => {
        sent.push(row.subject);
        ids.push(row.id);
        wake();
        return true;
      },
      async next(count: number) {
        while (sent.length < count) await new Promise<void>((resolve) => (wake = resolve));
      },
    };
  }

  it('sends in order, at once, what is stored while a connection is there', async () => {
    const out = collector();
    const drain = new OutboxDrain(outbox, 'a', out.send, (error) => {
      throw error;
    });
    for (let i = 0; i < 250; i++) await put('a', String(i));
    await out.next(250);
    expect(out.sent).toEqual(Array.from({ length: 250 }, (_, i) => String(i)));
    drain.stop();
  });

  /** Counts how often waiting messages are read. */
  function countReads() {
    const { waiting } = outbox;
    const reads = { count: 0 };
    outbox.waiting = (...args) => {
      reads.count++;
      return waiting.apply(outbox, args);
    };
    onTestFinished(() => void (outbox.waiting = waiting));
    return reads;
  }

  it('reads nothing of what is stored here while a connection is there, but for large messages', async () => {
    const out = collector();
    const reads = countReads();
    const drain = new OutboxDrain(outbox, 'alone', out.send, (error) => {
      throw error;
    });
    await expect.poll(() => reads.count).toBe(1);
    for (let count = 1; count <= 3; count++) {
      await put('alone', String(count));
      await out.next(count);
    }
    expect(reads.count).toBe(1);
    await database.transaction((tx) => outbox.putFrame(tx, 'alone', 'large', 'large', 'x'.repeat(5_000)));
    await out.next(4);
    drain.stop();
    expect(reads.count).toBe(2);
  });

  it('sends nothing ahead of what another process has stored about the same, and all of it once', async () => {
    const out = collector();
    const drain = new OutboxDrain(outbox, 'both', out.send, (error) => {
      throw error;
    });
    await put('both', 'job');
    await out.next(1);
    // Nobody rings here for that.
    const { id: before } = await database.transaction((tx) =>
      new Outbox(database).put(tx, 'both', 'job', make(AcceptJob, { job_uuid: 'before' })),
    );
    const { id, after } = await put('both', 'job');
    await out.next(3);
    expect(after).toBe(before);
    expect(out.ids.slice(1)).toEqual([before, id]);
    await put('both', 'other');
    await out.next(4);
    drain.stop();
    expect(out.sent).toEqual(['job', 'job', 'job', 'other']);
  });

  it('sends at once what another process has stored', async () => {
    const { url } = database.dataSource.options as { url: string };
    const [here, elsewhere] = [new PostgresDoorbell('test', url), new PostgresDoorbell('test', url)];
    const out = collector();
    const drain = new OutboxDrain(new Outbox(database, here), 'far', out.send, (error) => {
      throw error;
    });
    const { promise: isListening, resolve: listening } = Promise.withResolvers<unknown>();
    here.on('outbox', listening);
    await isListening;
    await database.transaction((tx) =>
      new Outbox(database, elsewhere).put(tx, 'far', 'x', make(AcceptJob, { job_uuid: 'x' })),
    );
    await out.next(1);
    expect(out.sent).toEqual(['x']);
    drain.stop();
    await Promise.all([here.close(), elsewhere.close()]);
  });

  it('sends a message whose transaction began first and was committed last', async () => {
    const out = collector();
    const drain = new OutboxDrain(outbox, 'late', out.send, (error) => {
      throw error;
    });
    await database.transaction(async (tx) => {
      await outbox.put(tx, 'late', 'first', make(AcceptJob, { job_uuid: 'first' }));
      await put('late', 'second');
      await out.next(1);
    });
    await out.next(2);
    expect(out.sent).toEqual(['second', 'first']);
    drain.stop();
  });

  it('sends nothing of a transaction that was rolled back', async () => {
    const out = collector();
    const drain = new OutboxDrain(outbox, 'b', out.send, (error) => {
      throw error;
    });
    await expect(
      database.transaction(async (tx) => {
        await outbox.put(tx, 'b', 'lost', make(AcceptJob, { job_uuid: 'lost' }));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await put('b', 'kept');
    await out.next(1);
    expect(out.sent).toEqual(['kept']);
    drain.stop();
  });

  const fill = (peer: string, rows: number, bytes: number) =>
    database.manager.query(
      `insert into outbox (peer, subject, type, frame)
       select $1, n::text, 'large', repeat('x', $3) from generate_series(1, $2) n`,
      [peer, rows, bytes],
    );

  it('reads large messages a few at a time, and no more while the peer leaves many bytes unanswered', async () => {
    await fill('large', 40, 3_000_000);
    const out = collector();
    const reads: number[] = [];
    const { waiting } = outbox;
    outbox.waiting = async (...args) => {
      const rows = await waiting.apply(outbox, args);
      reads.push(rows.reduce((sum, { frame }) => sum + frame.length, 0));
      return rows;
    };
    const ids: string[] = [];
    const drain = new OutboxDrain(
      outbox,
      'large',
      (row) => {
        ids.push(row.id);
        return out.send(row);
      },
      (error) => {
        throw error;
      },
      { rows: 1_000, bytes: 32 * 1024 * 1024 },
    );
    for (const n of Array(40).keys()) {
      await out.next(n + 1);
      expect(out.sent.length - n).toBeLessThan(16);
      const id = ids[n]!;
      drain.answered(id);
      await outbox.delivered(id);
    }
    expect(out.sent).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
    expect(Math.max(...reads)).toBeLessThan(8 * 1024 * 1024);
    drain.stop();
    outbox.waiting = waiting;
  });

  it('goes on when what it has sent leaves the outbox without a word to the drain', async () => {
    await fill('silent', 1_050, 10);
    const out = collector();
    const drain = new OutboxDrain(
      outbox,
      'silent',
      out.send,
      (error) => {
        throw error;
      },
      { rows: 1_000, bytes: Infinity },
    );
    await out.next(1_000);
    await database.manager.query(`delete from outbox where peer = 'silent' and subject::int <= 900`);
    await out.next(1_050);
    drain.stop();
  });

  it('a message larger than what is read at once is read alone', async () => {
    await fill('huge', 3, 20);
    const read = (maxBytes: number) => outbox.waiting('huge', [], { maxBytes }).then((rows) => rows.length);
    expect(await Promise.all([5, 39, 40, 100].map(read))).toEqual([1, 1, 2, 3]);
  });

  it('knows which of a hundred thousand unanswered messages are left', async () => {
    await fill('many', 2, 10);
    const [first, second] = await outbox.waiting('many');
    const others = Array.from({ length: 100_000 }, (_, i) => String(1_000_000 + i));
    expect(await outbox.remaining([first!.id, ...others])).toEqual([first!.id]);
    expect(await outbox.waiting('many', [first!.id, ...others])).toMatchObject([{ id: second!.id }]);
  });

  it('sends again on the next connection what the peer has not confirmed', async () => {
    await put('c', '1');
    await put('c', '2');
    const first = collector();
    const drain = new OutboxDrain(outbox, 'c', first.send, (error) => {
      throw error;
    });
    await first.next(2);
    drain.stop();
    const [one] = await outbox.waiting('c');
    await outbox.delivered(one!.id);
    const second = collector();
    const again = new OutboxDrain(outbox, 'c', second.send, (error) => {
      throw error;
    });
    await second.next(1);
    expect(second.sent).toEqual(['2']);
    again.stop();
  });

  it('sends nothing more once it is stopped, in the middle of a row too', async () => {
    for (const subject of ['1', '2', '3']) await put('e', subject);
    const sent: string[] = [];
    const { promise: isSending, resolve: sending } = Promise.withResolvers<void>();
    const { promise: isSent, resolve: finish } = Promise.withResolvers<boolean>();
    const drain = new OutboxDrain(
      outbox,
      'e',
      (row) => {
        sent.push(row.subject);
        sending();
        return isSent;
      },
      () => undefined,
    );
    await isSending;
    drain.stop();
    finish(true);
    await put('e', '4');
    expect(sent).toEqual(['1']);
  });

  it('keeps the exact frame, and forgets a subject that is settled', async () => {
    await database.transaction((tx) => outbox.put(tx, 'd', 'x', make(VolumesReady, { job_uuid: 'x' })));
    const rows = await outbox.waiting('d');
    expect(rows.map(({ type, frame }) => ({ type, frame }))).toEqual([
      { type: 'V0VolumesReadyRequest', frame: '{"message_type":"V0VolumesReadyRequest","job_uuid":"x"}' },
    ]);
    await database.transaction((tx) => outbox.settle(tx, 'd', 'x'));
    expect(await outbox.waiting('d')).toEqual([]);
  });
});
