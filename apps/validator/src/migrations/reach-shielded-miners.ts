import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where miners behind a DDoS shield are on the chain, beside where they are reached; and the own certificates for it. */
export class ReachShieldedMiners1799100003001 implements MigrationInterface {
  name = 'ReachShieldedMiners1799100003001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table miner add column axon_ip text, add column axon_port integer');
    await runner.query(`
      create table shield_certificate (
        public_key bytea primary key,
        private_key bytea not null,
        made_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table shield_certificate');
    await runner.query('update miner set ip = axon_ip, port = axon_port where axon_ip is not null');
    await runner.query('alter table miner drop column axon_ip, drop column axon_port');
  }
}
