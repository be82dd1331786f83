import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddLinkNumbers1795600000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table job
        -- Of the executor's messages on durable-1, the last that is stored.
        add column executor_number bigint not null default 0,
        -- The last thing that it has to say is stored: one that comes back only asks whether it is.
        add column ended_by_executor boolean not null default false,
        add column cancelled_at timestamptz,
        add column cancelled_by text,
        -- The validator's frame as it came.
        add column cancel_request text`);
    await runner.query(
      'create index job_cancelled on job (cancelled_at) where ended_at is null and cancelled_at is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_cancelled');
    await runner.query(`
      alter table job drop column executor_number, drop column ended_by_executor, drop column cancelled_at, drop column cancelled_by,
        drop column cancel_request`);
  }
}
