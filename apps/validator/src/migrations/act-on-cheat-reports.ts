import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ActOnCheatReports1795000000053 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // null: its job has not completed here, or its signer has no say in it.
    await runner.query('alter table cheat_report add column acted_at timestamptz');
    await runner.query('create index cheat_report_open on cheat_report (job_uuid) where acted_at is null');
    await runner.query(`
      create table slashing (
        job_uuid uuid primary key,
        miner_hotkey text not null,
        amount numeric not null,
        created_at timestamptz not null default now(),
        begun_at timestamptz,
        outcome text
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table slashing');
    await runner.query('alter table cheat_report drop column acted_at');
  }
}
