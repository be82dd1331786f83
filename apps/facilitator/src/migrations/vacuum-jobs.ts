import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Jobs are vacuumed when a twentieth of them has changed, instead of a fifth: lists are counted in the index alone where
 * they have been, and read row by row where not. Of a million jobs that makes the difference.
 */
export class VacuumJobs1796000010100 implements MigrationInterface {
  name = 'VacuumJobs1796000010100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table job set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table job reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)',
    );
  }
}
