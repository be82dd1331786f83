import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Questions to validators, for a minute: the replica that is asked may not have the validator's connection. */
export class KeepQuestions1796000050001 implements MigrationInterface {
  name = 'KeepQuestions1796000050001';

  async up(runner: QueryRunner): Promise<void> {
    // Nobody misses them after a crash of the server: their users have had no answer.
    await runner.query(`
      create unlogged table question (
        uuid uuid primary key,
        asker text not null,
        validator_hotkey text not null,
        frame text not null,
        answer text,
        asked_at timestamptz not null default clock_timestamp(),
        sent_at timestamptz
      )`);
    await runner.query('create index question_asked on question (asked_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table question');
  }
}
