import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A user's jobs of a status, a class or a namespace are found, newest first, without reading all of them. */
export class IndexLists1796000050000 implements MigrationInterface {
  name = 'IndexLists1796000050000';

  async up(runner: QueryRunner): Promise<void> {
    for (const column of ['status', 'executor_class', 'job_namespace'])
      await runner.query(`create index job_list_${column} on job (hotkey, ${column}, created_at desc, uuid)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_list_status, job_list_executor_class, job_list_job_namespace');
  }
}
