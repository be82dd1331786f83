import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may log in, and what keeps a login from being used twice. */
export class CreateAccess1795000000000 implements MigrationInterface {
  name = 'CreateAccess1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table hotkey_whitelist (
        ss58_address text primary key,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table used_nonce (
        nonce text primary key,
        expires_at timestamptz not null
      )`);
    await runner.query('create index used_nonce_expires_at on used_nonce (expires_at)');
    // One row: since when tokens are signed with the current key, which itself is not stored.
    await runner.query(`
      create table signing_key (
        id boolean primary key default true check (id),
        fingerprint text not null,
        since timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table signing_key, used_nonce, hotkey_whitelist');
  }
}
