import type { MigrationInterface, QueryRunner } from 'typeorm';

export class TellMachines1795000000061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table attempt add column machine_told boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table attempt drop column machine_told');
    await runner.query(`delete from outbox where type = 'V0MachineSpecsUpdate'`);
  }
}
