import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What single hotkeys may do, where it is not what all may. */
export class NoteQuotas1796000040002 implements MigrationInterface {
  name = 'NoteQuotas1796000040002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table hotkey_whitelist add max_unfinished_jobs integer, add max_creations_per_minute integer',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table hotkey_whitelist drop max_unfinished_jobs, drop max_creations_per_minute',
    );
  }
}
