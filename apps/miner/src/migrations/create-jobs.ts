import { createOutboxTable } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateJobs1795000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table job (
        uuid uuid primary key,
        validator_hotkey text not null,
        executor_class text not null,
        status text not null,
        -- The validator's frames as they came: their exact text is signed.
        initial_request text not null,
        job_request text,
        executor_token text not null unique,
        executor_handle jsonb,
        -- Whether the job counts against the executors of its class: until its executor has exited.
        slot_held boolean not null,
        start_requested_at timestamptz,
        -- When the executor must have connected; null while it is connected.
        connect_by timestamptz,
        connected_at timestamptz,
        executor_address text,
        exited_at timestamptz,
        exit_code integer,
        -- When the job is ended by force.
        deadline timestamptz not null,
        accepted_at timestamptz not null default now(),
        ended_at timestamptz,
        -- The validator's finished receipt has come: it knows how the job ended.
        settled_at timestamptz
      )`);
    await runner.query('create index job_slot on job (executor_class) where slot_held');
    await runner.query('create index job_active on job (deadline) where ended_at is null');
    // What a validator has sent last tells its generation.
    await runner.query(
      'create index job_validator on job (validator_hotkey, accepted_at) where job_request is not null',
    );
    await runner.query(`
      create table job_event (
        id bigint generated always as identity primary key,
        job_uuid uuid not null references job (uuid) on delete cascade,
        status text not null,
        reason text,
        message text,
        at timestamptz not null default clock_timestamp(),
        unique (job_uuid, status)
      )`);
    await runner.query(`
      create table job_result (
        job_uuid uuid primary key references job (uuid) on delete cascade,
        stdout text not null,
        stderr text not null,
        exit_status bigint,
        artifacts jsonb,
        upload_results jsonb,
        stored_at timestamptz not null default now()
      )`);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table outbox, job_result, job_event, job');
  }
}
