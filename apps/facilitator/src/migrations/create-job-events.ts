import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of a job is told beside its statuses, and how many streams of events are open where. */
export class CreateJobEvents1796000030000 implements MigrationInterface {
  name = 'CreateJobEvents1796000030000';

  async up(runner: QueryRunner): Promise<void> {
    // Of a transfer (`item`) only the newest is kept, under a revision of its own; waits are kept one after another.
    await runner.query(`
      create table job_progress (
        revision bigint generated always as identity primary key,
        job_uuid uuid not null references job (uuid) on delete cascade,
        type text not null,
        item text,
        data json not null,
        noted_at timestamptz not null default clock_timestamp(),
        unique (job_uuid, item)
      )`);
    await runner.query('create index job_progress_revision on job_progress (job_uuid, revision)');
    await runner.query(`
      create table event_replica (
        id uuid primary key,
        seen_at timestamptz not null default clock_timestamp()
      )`);
    await runner.query(`
      create table event_stream_count (
        replica uuid not null references event_replica (id) on delete cascade,
        hotkey text not null,
        streams integer not null,
        primary key (replica, hotkey)
      )`);
    await runner.query('create index event_stream_count_hotkey on event_stream_count (hotkey)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table event_stream_count, event_replica, job_progress');
  }
}
