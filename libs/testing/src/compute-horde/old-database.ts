import { pbkdf2Sync } from 'node:crypto';
import pg from 'pg';
import {
  JobAcceptedPayload,
  JobFinishedPayload,
  JobStartedPayload,
  receiptText,
  type ReceiptPayload,
} from '@horde/protocol';
import { vi } from 'vitest';
import type { Signers } from '../receipts.ts';
import { startOldPostgres, type OldPostgres } from './old-postgres.ts';

/** The tables that ComputeHorde's miner and validator both have, with the names, columns and types of its release of 2026-01. */
const commonTables = `
  create table auth_user (
    id serial primary key, password varchar(128) not null, last_login timestamptz, is_superuser boolean not null,
    username varchar(150) not null unique, first_name varchar(150) not null, last_name varchar(150) not null,
    email varchar(254) not null, is_staff boolean not null, is_active boolean not null, date_joined timestamptz not null
  );
  create table constance_constance (id serial primary key, key varchar(255) not null unique, value text);
  ${['started', 'accepted', 'finished'].map(receiptTable).join('\n')}
`;

function receiptTable(kind: string): string {
  const own = {
    started: 'executor_class varchar(255) not null, is_organic boolean not null, ttl integer not null',
    accepted: 'time_accepted timestamptz not null, ttl integer not null',
    finished: `time_started timestamptz not null, time_took_us bigint not null, score_str varchar(256) not null,
      block_numbers jsonb not null`,
  }[kind]!;
  return `
    create table receipts_job${kind}receipt (
      id bigserial primary key, job_uuid uuid not null unique, validator_hotkey varchar(256) not null,
      miner_hotkey varchar(256) not null, validator_signature varchar(256) not null, miner_signature varchar(256),
      "timestamp" timestamptz not null, ${own}
    );
    create index job${kind}receipt_ts_idx on receipts_job${kind}receipt ("timestamp");`;
}

const minerTables = `
  create table miner_validator (
    id bigserial primary key, public_key text not null unique, active boolean not null, debug boolean not null
  );
  create table miner_validatorblacklist (
    id bigserial primary key, validator_id bigint not null unique references miner_validator (id)
  );
`;

const validatorTables = `
  create table validator_miner (
    id bigserial primary key, hotkey varchar(255) not null unique, coldkey varchar(255),
    created_at timestamptz not null default now(), uid integer, address varchar(255) not null default '0.0.0.0',
    ip_version integer not null default 4, port integer not null default 0, evm_address varchar(42),
    collateral_wei numeric(78, 0) not null default 0
  );
  create table validator_minerblacklist (
    id bigserial primary key, miner_id bigint not null references validator_miner (id),
    blacklisted_at timestamptz not null default now(), expires_at timestamptz, reason text not null,
    reason_details text not null default ''
  );
  create table validator_validatorwhitelist (
    id bigserial primary key, hotkey varchar(255) not null unique, created_at timestamptz not null default now()
  );
  create table validator_weightsettingfinishedevent (
    id bigserial primary key, created_at timestamptz not null default now(), block_from bigint not null,
    block_to bigint not null, unique (block_from, block_to)
  );
  create table validator_minermainhotkey (
    id bigserial primary key, coldkey varchar(255) not null, cycle_start bigint not null, main_hotkey varchar(255),
    created_at timestamptz not null default now(), unique (coldkey, cycle_start)
  );
  create table validator_minerincident (
    id bigserial primary key, type varchar(255) not null, "timestamp" timestamptz not null default now(),
    hotkey_ss58address text not null, job_uuid uuid not null unique, executor_class varchar(255) not null
  );
  create table validator_organicjob (
    id bigserial primary key, job_uuid uuid not null unique, miner_id bigint not null references validator_miner (id),
    executor_class varchar(255) not null, status text not null, updated_at timestamptz not null default now(),
    cheated boolean not null default false, cheat_reported_at timestamptz, slashed boolean not null default false,
    slashed_at timestamptz
  );
`;

/** The counters of rows that were ever written, and a digest of all rows there are, by table. */
export type Fingerprint = Record<string, { written: string; rows: string }>;

/** A database such as ComputeHorde's miner or validator leaves it, on Postgres 14. */
export class OldDatabase {
  private constructor(
    private readonly postgres: OldPostgres,
    readonly sql: pg.Client,
  ) {}

  /** On a server of its own. */
  static async start(service: 'miner' | 'validator'): Promise<OldDatabase> {
    const old = await OldDatabase.at(await startOldPostgres());
    await old.makeTables(service);
    return old;
  }

  /** What such a server has. */
  static async at(postgres: OldPostgres): Promise<OldDatabase> {
    const sql = new pg.Client({ connectionString: postgres.url });
    await sql.connect();
    return new OldDatabase(postgres, sql);
  }

  get url(): string {
    return this.postgres.url;
  }

  async makeTables(service: 'miner' | 'validator'): Promise<void> {
    await this.sql.query(commonTables + (service === 'miner' ? minerTables : validatorTables));
  }

  /** @param password as it is stored: `djangoHash` makes it */
  async addUser(
    username: string,
    password: string,
    { superuser = false, staff = false, active = true } = {},
  ): Promise<void> {
    await this.sql.query(
      `insert into auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
       values ($1, $2, $3, $4, $5, '', '', '', now())`,
      [username, password, superuser, staff, active],
    );
  }

  /** @param value as it is stored; null: none is */
  async addSetting(key: string, value: string | null): Promise<void> {
    await this.sql.query('insert into constance_constance (key, value) values ($1, $2)', [key, value]);
  }

  /** @param signatures @default those of the signers */
  async addReceipts(
    payloads: readonly ReceiptPayload[],
    { validator, miner }: Signers,
    signatures: { validator?: string; miner?: string | null } = {},
  ): Promise<void> {
    for (const payload of payloads) {
      const text = receiptText(payload);
      const row = {
        ...ownColumns(payload),
        job_uuid: payload.job_uuid,
        validator_hotkey: payload.validator_hotkey,
        miner_hotkey: payload.miner_hotkey,
        timestamp: payload.timestamp,
        validator_signature: signatures.validator ?? validator.signHex(text),
        miner_signature: signatures.miner === undefined ? miner.signHex(text) : signatures.miner,
      };
      const names = Object.keys(row).map((name) => pg.escapeIdentifier(name));
      await this.sql.query(
        `insert into receipts_${payload.receipt_type.toLowerCase()} (${names.join(', ')})
         values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
        Object.values(row),
      );
    }
  }

  /** How the database stands: it is the same before and after unless something was written. */
  async fingerprint(): Promise<Fingerprint> {
    const { rows: tables } = await this.sql.query<{ relname: string }>(
      'select relname from pg_stat_user_tables',
    );
    const fingerprint: Fingerprint = {};
    for (const { relname } of tables) {
      const { rows } = await this.sql.query<{ rows: string; count: string }>(
        `select md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) as rows, count(*) from ${relname} t`,
      );
      fingerprint[relname] = {
        written: await this.counters(relname, Number(rows[0]!.count)),
        rows: rows[0]!.rows,
      };
    }
    return fingerprint;
  }

  async stop(): Promise<void> {
    await this.sql.end();
    await this.postgres.stop();
  }

  /** @param count of rows: the server tells of them a little later */
  private counters(table: string, count: number): Promise<string> {
    return vi.waitFor(
      async () => {
        const { rows } = await this.sql.query<{ inserted: string; counters: string }>(
          `select n_tup_ins as inserted, concat_ws(' ', n_tup_ins, n_tup_upd, n_tup_del) as counters
           from pg_stat_user_tables where relname = $1`,
          [table],
        );
        if (Number(rows[0]!.inserted) < count) throw new Error(`${table}: ${rows[0]!.inserted} of ${count}`);
        return rows[0]!.counters;
      },
      { timeout: 20_000 },
    );
  }
}

function ownColumns(payload: ReceiptPayload): Record<string, unknown> {
  if (payload instanceof JobStartedPayload) {
    const { executor_class, is_organic, ttl } = payload;
    return { executor_class, is_organic, ttl };
  }
  if (payload instanceof JobAcceptedPayload)
    return { time_accepted: payload.time_accepted, ttl: payload.ttl };
  const { time_started, time_took_us, score_str, block_numbers } = payload satisfies JobFinishedPayload;
  return { time_started, time_took_us, score_str, block_numbers: JSON.stringify(block_numbers) };
}

/** What Django stores of a password, with fewer iterations than it takes. */
export const djangoHash = (password: string, salt = 'salt'): string =>
  `pbkdf2_sha256$1000$${salt}$${pbkdf2Sync(password, salt, 1_000, 32, 'sha256').toString('base64')}`;

/** As ComputeHorde's newer panels store a setting. */
export const asJson = (value: unknown): string => JSON.stringify({ __type__: 'default', __value__: value });

/** As its older ones store the plain settings: a pickle of protocol 2 of a text. */
export function asPickle(value: string): string {
  const text = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from([0x80, 2, 0x58]), length, text, Buffer.from('.')]).toString('base64');
}
