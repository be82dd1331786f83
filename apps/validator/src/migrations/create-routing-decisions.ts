import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRoutingDecisions1795000000052 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table routing_decision (
        job_uuid uuid not null references job (uuid) on delete cascade,
        attempt uuid not null,
        decided_at timestamptz not null default now(),
        decision text not null,
        primary key (job_uuid, attempt)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table routing_decision');
  }
}
