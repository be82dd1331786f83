import { randomBytes, randomUUID } from 'node:crypto';
import { Keypair, signRequest, verifyRequest } from '@horde/identity';
import pg from 'pg';

/** As large as those of a small job. */
const payload = Buffer.from('p'.repeat(600));
const json = { signature: `{"signature":"${'s'.repeat(330)}"}`, volumes: `[{"url":"${'v'.repeat(200)}"}]` };
const frame = 'f'.repeat(1_300);

/**
 * What a facilitator cannot do without when it creates a job: one verification, and the transaction that stores the job,
 * its first status and the message to its validator. On copies of the facilitator's tables.
 */
export class BareCreations {
  private readonly user = Keypair.generate();
  private readonly timestamp = BigInt(Date.now()) * 1_000_000n;
  private readonly signature = signRequest(this.user, this.timestamp, payload);

  private constructor(private readonly pool: pg.Pool) {}

  /** @param databaseUrl of a facilitator that has made its tables */
  static async prepare(databaseUrl: string): Promise<BareCreations> {
    const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c search_path=bare', max: 10 });
    pool.on('error', () => undefined); // one that nobody uses may end
    await pool.query('create schema bare');
    for (const table of ['job', 'job_status', 'outbox'])
      await pool.query(`create table bare.${table} (like facilitator.${table} including all)`);
    return new BareCreations(pool);
  }

  async create(): Promise<void> {
    if (!verifyRequest(this.user.address, this.timestamp, payload, this.signature))
      throw new Error('It does not verify.');
    const uuid = randomUUID();
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await client.query({
        name: 'job',
        text: `insert into job (uuid, creation_key, hotkey, target_validator_hotkey, signature, executor_class,
            docker_image, job_namespace, args, env, use_gpu, on_trusted_miner, artifacts_dir, tag, volumes, uploads,
            download_time_limit, execution_time_limit, upload_time_limit, streaming_start_time_limit,
            streaming_client_cert, overdue_at)
          values ($1, $2, $3, $3, $4, 'always_on.test', 'alpine', 'SN1.0', '["echo","hi"]', '{"A":"1"}', true, false,
            '/artifacts', '', $5, '[]', 1, 2, 4, 3, '', now() + interval '1 minute')`,
        values: [uuid, randomBytes(32), this.user.address, json.signature, json.volumes],
      });
      await client.query({
        name: 'status',
        text: `insert into job_status (job_uuid, status) values ($1, 'sent')`,
        values: [uuid],
      });
      await client.query({
        name: 'outbox',
        text: `insert into outbox (peer, subject, type, frame) values ($1, $2, 'V2JobRequest', $3)`,
        values: [this.user.address, uuid, frame],
      });
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
