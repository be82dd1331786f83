import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWarmExecutors1795600000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table warm_executor (
        token text primary key,
        executor_class text not null,
        -- Null while it is being started.
        executor_handle jsonb,
        requested_at timestamptz not null default now(),
        -- When it connected first.
        connected_at timestamptz,
        executor_address text,
        -- It is being stopped, and no job's any more; it counts until it has exited.
        retiring boolean not null default false
      )`);
    await runner.query('create index warm_executor_class on warm_executor (executor_class)');
    // Whether the job's executor speaks durable-1: such a one may be away while it works.
    await runner.query('alter table job add column executor_durable boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table job drop column executor_durable');
    await runner.query('drop table warm_executor');
  }
}
