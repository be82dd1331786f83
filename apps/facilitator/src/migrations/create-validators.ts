import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The validators that the chain names, and their connections to any replica of this service. */
export class CreateValidators1795000000001 implements MigrationInterface {
  name = 'CreateValidators1795000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table validator (
        hotkey text primary key,
        active boolean not null,
        pinned boolean not null default false,
        oldest_generation boolean not null default false,
        version text,
        runner_version text,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table channel (
        id uuid primary key,
        validator_hotkey text not null references validator (hotkey),
        connected_at timestamptz not null default clock_timestamp(),
        last_heartbeat timestamptz not null default clock_timestamp(),
        largest_frame integer not null
      )`);
    await runner.query('create index channel_validator on channel (validator_hotkey, connected_at desc)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table channel, validator');
  }
}
