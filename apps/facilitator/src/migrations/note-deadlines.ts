import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Until when something has to be heard of a job, and what a validator that is away reads. */
export class NoteDeadlines1796000010003 implements MigrationInterface {
  name = 'NoteDeadlines1796000010003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table validator add largest_frame integer');
    await runner.query(
      'alter table job add longest_run bigint not null default 0, add overdue_at timestamptz',
    );
    // What is unfinished from before has its limits, the longest start of a class, and an hour from now on.
    await runner.query(`
      update job set longest_run = run, overdue_at = now() + make_interval(secs => run + 3600)
      from (
        select uuid as of, 240 + greatest(download_time_limit, 0)::bigint + greatest(execution_time_limit, 0)
          + greatest(upload_time_limit, 0) + greatest(streaming_start_time_limit, 0) as run
        from job where status not in ('completed', 'rejected', 'failed', 'horde_failed')
      ) unfinished
      where uuid = of`);
    await runner.query('create index job_overdue_at on job (overdue_at) where overdue_at is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table job drop overdue_at, drop longest_run');
    await runner.query('alter table validator drop largest_frame');
  }
}
