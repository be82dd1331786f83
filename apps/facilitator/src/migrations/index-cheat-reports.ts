import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reports of wrong results are listed, newest first. */
export class IndexCheatReports1799000002215 implements MigrationInterface {
  name = 'IndexCheatReports1799000002215';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index cheat_report_newest on cheat_report (created_at, job_uuid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index cheat_report_newest');
  }
}
