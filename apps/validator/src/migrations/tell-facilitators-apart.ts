import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each job belongs to the facilitator that sent it, and may be sent again under its signature a few times only. */
export class TellFacilitatorsApart1795000000043 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // There was one; a validator that starts says which.
    await runner.query(`
      alter table job add column facilitator text not null default 'facilitator', add column signed_digest text`);
    await runner.query('create index job_signed on job (signed_digest) where signed_digest is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`update outbox set peer = 'facilitator' where peer like 'ws%://%'`);
    await runner.query('drop index job_signed');
    await runner.query('alter table job drop column facilitator, drop column signed_digest');
  }
}
