import type { Database } from '@horde/database';
import type { Certificate } from '@horde/network';
import type { QueryRunner } from 'typeorm';

/** An order that fails is tried again so long after its beginning: authorities count the failed ones of an hour. */
const claim = `interval '20 minutes'`;
/** Answers to challenges are kept so long at most. */
const asked = `interval '1 hour'`;

/** Who a service is for an authority. */
export interface AcmeAccount {
  /** Its private key, PEM. */
  key: string;
  /** null: the authority has not been told of it. */
  url: string | null;
}

/** For a migration: what a service has of ACME authorities. */
export async function createAcmeTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table acme_certificate (
      -- The authority's directory, and the names that it is for.
      directory text not null,
      domains text not null,
      account_key text not null,
      account_url text,
      certificate text,
      key text,
      renew_at timestamptz,
      -- Until then a process orders one, or the others wait after its failure.
      claimed_until timestamptz,
      primary key (directory, domains)
    )`);
  await runner.query(`
    create table acme_challenge (
      token text primary key,
      answer text not null,
      asked_at timestamptz not null default now()
    )`);
}

/** As `createAcmeTables`, back. */
export async function dropAcmeTables(runner: QueryRunner): Promise<void> {
  await runner.query('drop table acme_certificate, acme_challenge');
}

/** The certificate of a service from an ACME authority, the same for all of its processes. */
export class AcmeStore {
  constructor(
    private readonly database: Database,
    private readonly directory: string,
    private readonly domains: string,
  ) {}

  /** null: there is none yet. */
  async certificate(): Promise<Certificate | null> {
    const [row] = await this.database.manager.query<Certificate[]>(
      `select certificate, key from acme_certificate where directory = $1 and domains = $2 and certificate is not null`,
      [this.directory, this.domains],
    );
    return row ?? null;
  }

  /**
   * Whether this process is to order one now: there is none, or it is to be renewed, and no other process is at it.
   *
   * @param newKey of the account at the authority, where there is none yet
   * @returns null: it is not
   */
  async begin(newKey: string): Promise<AcmeAccount | null> {
    const rows = await this.database.manager.query<AcmeAccount[]>(
      `insert into acme_certificate as known (directory, domains, account_key, claimed_until)
       values ($1, $2, $3, now() + ${claim})
       on conflict (directory, domains) do update set claimed_until = now() + ${claim}
       where (known.claimed_until is null or known.claimed_until < now())
         and (known.renew_at is null or known.renew_at < now())
       returning account_key as key, account_url as url`,
      [this.directory, this.domains, newKey],
    );
    return rows[0] ?? null;
  }

  async keepAccount(url: string): Promise<void> {
    await this.database.manager.query(
      'update acme_certificate set account_url = $3 where directory = $1 and domains = $2',
      [this.directory, this.domains, url],
    );
  }

  /** @param renewAt ms since 1970 */
  async end({ certificate, key }: Certificate, renewAt: number): Promise<void> {
    await this.database.manager.query(
      `update acme_certificate set certificate = $3, key = $4, renew_at = to_timestamp($5), claimed_until = null
       where directory = $1 and domains = $2`,
      [this.directory, this.domains, certificate, key, renewAt / 1_000],
    );
  }
}

/** What authorities are answered that ask for a token. */
export class AcmeChallenges {
  constructor(private readonly database: Database) {}

  async add(token: string, answer: string): Promise<void> {
    await this.database.manager.query(
      `with old as (delete from acme_challenge where asked_at < now() - ${asked} and token <> $1)
       insert into acme_challenge (token, answer) values ($1, $2)
       on conflict (token) do update set answer = excluded.answer, asked_at = now()`,
      [token, answer],
    );
  }

  /** null: nobody was told to ask for it. */
  async answer(token: string): Promise<string | null> {
    if (!/^[\w-]{1,200}$/.test(token)) return null;
    const [row] = await this.database.manager.query<{ answer: string }[]>(
      'select answer from acme_challenge where token = $1',
      [token],
    );
    return row?.answer ?? null;
  }

  async remove(token: string): Promise<void> {
    await this.database.manager.query('delete from acme_challenge where token = $1', [token]);
  }
}
