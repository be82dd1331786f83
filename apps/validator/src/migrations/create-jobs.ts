import { createOutboxTable } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateJobs1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table job (
        uuid uuid primary key,
        -- The frame as it came: the order of its keys and the size of its numbers are signed.
        request text not null,
        executor_class text not null,
        signatory text,
        status text not null,
        received_at timestamptz not null default now(),
        ended_at timestamptz,
        miner_hotkey text,
        miner_ip text,
        miner_port integer,
        started_at timestamptz,
        deadline timestamptz,
        driver uuid,
        lease_until timestamptz
      )`);
    await runner.query(`create index job_unfinished on job (lease_until) where ended_at is null`);
    await runner.query('create index job_miner on job (miner_hotkey, executor_class, ended_at)');
    await runner.query(`
      create table job_event (
        id bigint generated always as identity primary key,
        job_uuid uuid not null references job (uuid) on delete cascade,
        status text not null,
        at timestamptz not null default clock_timestamp(),
        metadata text,
        unique (job_uuid, status)
      )`);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table outbox, job_event, job');
  }
}
