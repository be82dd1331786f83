import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWhitelistAndCheatReports1795000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table whitelisted_hotkey (
        hotkey text primary key,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table cheat_report (
        job_uuid text not null,
        trusted_job_uuid text not null,
        signatory text not null,
        details text not null,
        reported_at timestamptz not null default now(),
        primary key (job_uuid, trusted_job_uuid, signatory)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table cheat_report, whitelisted_hotkey');
  }
}
