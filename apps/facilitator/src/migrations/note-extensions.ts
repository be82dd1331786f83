import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a validator and this service have agreed on beyond ComputeHorde's protocol, for each connection. */
export class NoteExtensions1796000010000 implements MigrationInterface {
  name = 'NoteExtensions1796000010000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table channel add extensions text[] not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table channel drop extensions');
  }
}
