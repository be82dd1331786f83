import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose turn it is among the waiting jobs is found without reading them all. */
export class IndexTurns1795000000064 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index job_turn on job (wanted, coalesce(signatory, ''), received_at) where waits_since is not null`,
    );
    await runner.query('drop index job_waiting, job_look_at');
    await runner.query('create index job_look_at on job (look_at) where look_at is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_look_at, job_turn');
    await runner.query('create index job_look_at on job (look_at) where waits_since is not null');
    await runner.query(
      'create index job_waiting on job (signatory, received_at) where waits_since is not null',
    );
  }
}
