import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMinerIncidents1795000000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table miner_incident (
        hotkey text not null,
        -- Of one attempt at a job there is one incident at most.
        job_uuid uuid not null,
        executor_class text not null,
        kind text not null,
        at timestamptz not null default now(),
        primary key (hotkey, job_uuid)
      )`);
    await runner.query('create index miner_incident_recent on miner_incident (executor_class, at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table miner_incident');
  }
}
