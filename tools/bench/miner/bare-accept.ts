import { randomUUID } from 'node:crypto';
import { Keypair, verifyHex } from '@horde/identity';
import pg from 'pg';

/** As large as those of a small job. */
const request = 'r'.repeat(1_200);
const payload = 'p'.repeat(330);
const frame = `{"message_type":"V0AcceptJobRequest","job_uuid":"${randomUUID()}"}`;
const executorClass = 'always_on.test';

/**
 * What a miner has to do to accept a job, and nothing else: one verification, one signature, and the transaction that
 * takes a slot of the class and stores the job, its history, its receipt and the answer. On copies of the miner's tables.
 */
export class BareAccept {
  private readonly validator = Keypair.generate();
  private readonly miner = Keypair.generate();
  private readonly signature = this.validator.signHex(payload);

  private constructor(private readonly pool: pg.Pool) {}

  /** @param databaseUrl of a miner that has made its tables */
  static async prepare(databaseUrl: string): Promise<BareAccept> {
    const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c search_path=bare', max: 20 });
    await pool.query('create schema bare');
    for (const table of ['job', 'job_event', 'receipt', 'outbox'])
      await pool.query(`create table bare.${table} (like miner.${table} including all)`);
    return new BareAccept(pool);
  }

  async accept(): Promise<void> {
    if (!verifyHex(payload, this.signature, this.validator.address)) throw new Error('It does not verify.');
    const countersignature = this.miner.signHex(payload);
    const uuid = randomUUID();
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtext('slots of ' || $1))`, [executorClass]);
      await client.query(
        `insert into job (uuid, validator_hotkey, executor_class, status, initial_request, executor_token, slot_held, deadline)
         select $1, $2, $3, 'accepted', $4, $5, true, now() + interval '1 hour'
         where (select count(*) from job where executor_class = $3 and slot_held) < 1000000`,
        [uuid, this.validator.address, executorClass, request, `${uuid}-token`],
      );
      await client.query(`insert into job_event (job_uuid, status) values ($1, 'accepted')`, [uuid]);
      await client.query(
        `insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, executor_class, is_organic, ttl,
           payload, validator_signature, miner_signature)
         values ($1, 'JobStartedReceipt', $2, now(), $3, true, 7, $4, $5, $6)`,
        [uuid, this.validator.address, executorClass, payload, this.signature, countersignature],
      );
      await client.query(`insert into outbox (peer, subject, type, frame) values ($1, $2, $3, $4)`, [
        this.validator.address,
        uuid,
        'V0AcceptJobRequest',
        frame,
      ]);
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
