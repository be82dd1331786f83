import { createOutboxTable } from '@horde/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Jobs, their statuses and the outbox. What users and validators sent is kept as `json`, which keeps its exact text:
 * the order of keys is signed, and jsonb cannot hold NUL characters, which a job may well print.
 */
export class CreateJobs1795000000002 implements MigrationInterface {
  name = 'CreateJobs1795000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table job (
        uuid uuid primary key,
        creation_key bytea not null unique,
        hotkey text not null,
        target_validator_hotkey text not null references validator (hotkey),
        status text not null default 'sent',
        signature json not null,
        created_at timestamptz not null default clock_timestamp(),
        executor_class text not null,
        docker_image text not null,
        job_namespace text,
        args json not null,
        env json not null,
        use_gpu boolean not null,
        on_trusted_miner boolean not null,
        artifacts_dir text not null,
        tag text not null,
        volumes json not null,
        uploads json not null,
        download_time_limit integer not null,
        execution_time_limit integer not null,
        upload_time_limit integer not null,
        streaming_start_time_limit integer not null,
        streaming_client_cert text not null,
        streaming_server_cert text not null default '',
        streaming_server_address text not null default '',
        streaming_server_port bigint not null default 0,
        stdout json not null default '""',
        stderr json not null default '""',
        artifacts json not null default '{}',
        upload_results json not null default '{}'
      )`);
    await runner.query('create index job_hotkey on job (hotkey, created_at desc, uuid)');
    await runner.query('create index job_validator on job (target_validator_hotkey, created_at desc)');
    await runner.query(`
      create table job_status (
        id bigint generated always as identity primary key,
        job_uuid uuid not null references job (uuid) on delete cascade,
        status text not null,
        metadata json not null default '{}',
        created_at timestamptz not null default clock_timestamp(),
        unique (job_uuid, status)
      )`);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table outbox, job_status, job');
  }
}
