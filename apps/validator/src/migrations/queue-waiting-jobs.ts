import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that wait for a miner are rows that wait, and are found in the order of their turns. */
export class QueueWaitingJobs1795000000041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table job add column wanted text not null default '{}',
                      add column waits_for text,
                      add column waits_since timestamptz,
                      add column waits_until timestamptz,
                      add column look_at timestamptz,
                      add column started_at timestamptz`);
    // What a job wants is in its request: those that no miner has yet are looked at once more, at once.
    await runner.query(`
      update job set waits_for = 'The job waits for its turn.', waits_since = received_at, waits_until = received_at,
                     look_at = now(), wanted = json_build_object(
                       'executor_class', executor_class,
                       'on_trusted_miner', coalesce((request::json ->> 'on_trusted_miner')::boolean, false),
                       'download_time_limit', (request::json ->> 'download_time_limit')::float8,
                       'execution_time_limit', (request::json ->> 'execution_time_limit')::float8,
                       'upload_time_limit', (request::json ->> 'upload_time_limit')::float8,
                       'streaming_start_time_limit', (request::json ->> 'streaming_start_time_limit')::float8)::text
      where ended_at is null and not exists (select from attempt where job_uuid = job.uuid)`);
    await runner.query(
      'create index job_waiting on job (signatory, received_at) where waits_since is not null',
    );
    await runner.query('create index job_look_at on job (look_at) where waits_since is not null');
    await runner.query(
      'create index job_started on job (signatory, started_at) where started_at is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_started, job_look_at, job_waiting');
    await runner.query(`
      alter table job drop column wanted, drop column waits_for, drop column waits_since, drop column waits_until,
                      drop column look_at, drop column started_at`);
  }
}
