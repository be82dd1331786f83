import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateValidators1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table validator (
        hotkey text primary key,
        active boolean not null,
        -- Added by hand: the chain does not make it inactive.
        debug boolean not null default false,
        -- It has signed a job message; from then on one without a signature is refused.
        has_signed boolean not null default false
      )`);
    await runner.query(`
      create table used_authentication (
        signature text primary key,
        expires_at timestamptz not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table used_authentication, validator');
  }
}
