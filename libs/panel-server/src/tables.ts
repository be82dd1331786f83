import type { QueryRunner } from 'typeorm';

/** The tables of a service's panel, for one of its migrations: accounts, who is logged in, what was changed. */
export async function createPanelTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table operator (
      name text primary key,
      role text not null check (role in ('read', 'operate')),
      password text not null,
      must_change_password boolean not null default false,
      created_at timestamptz not null default now()
    )`);
  await runner.query(`
    create table operator_session (
      token_hash bytea primary key,
      operator text not null references operator (name) on delete cascade,
      request_token text not null,
      opened_at timestamptz not null default clock_timestamp(),
      used_at timestamptz not null default clock_timestamp()
    )`);
  // Of an address from which logins have failed: when the next one is looked at.
  await runner.query(`
    create table login_delay (
      address text primary key,
      failures integer not null,
      retry_at timestamptz not null,
      noted_at timestamptz not null
    )`);
  await runner.query(`
    create table audit_entry (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      -- Null: it was a command, or the service itself.
      operator text,
      action text not null,
      subject text not null,
      before json,
      after json
    )`);
}

/** For a migration after `createPanelTables`: logins of hotkeys. */
export async function addHotkeyLogins(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table operator_session
      alter column operator drop not null,
      add column hotkey text,
      add check ((operator is null) <> (hotkey is null))`);
  // Nonces that were signed, and the codes that were given for them until those are used.
  await runner.query(`
    create table hotkey_login (
      nonce text primary key,
      hotkey text not null,
      code_hash bytea unique,
      signed_at timestamptz not null default clock_timestamp()
    )`);
}

/** As `addHotkeyLogins`, back. */
export async function dropHotkeyLogins(runner: QueryRunner): Promise<void> {
  await runner.query('drop table hotkey_login');
  await runner.query('delete from operator_session where operator is null');
  await runner.query('alter table operator_session drop column hotkey, alter column operator set not null');
}

/** As `createPanelTables`, back. */
export async function dropPanelTables(runner: QueryRunner): Promise<void> {
  await runner.query('drop table audit_entry, login_delay, operator_session, operator');
}
