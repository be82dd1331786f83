import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often who has logged in and asked in a minute. It is worth nothing after a crash, so it is not logged. */
export class CountRequests1796000040003 implements MigrationInterface {
  name = 'CountRequests1796000040003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create unlogged table request_count (
        minute integer not null,
        subject text not null,
        count integer not null,
        primary key (minute, subject)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table request_count');
  }
}
