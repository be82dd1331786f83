import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateConnectionManifests1795000000054 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table connection_manifest (
        hotkey text primary key references miner (hotkey) on delete cascade,
        counts jsonb not null,
        received_at timestamptz not null default now()
      )`);
    // What came over a job's connection counts until the miner is asked again, and not for ever where it is then silent.
    await runner.query(`
      create view miner_offer as
      with received as (
        select connection_manifest.hotkey, counts from connection_manifest left join miner_answer using (hotkey)
        where received_at > now() - interval '10 minutes' and (answered_at is null or answered_at < received_at)
      )
      select hotkey, executor_class, count from miner_manifest
      where not exists (select from received where received.hotkey = miner_manifest.hotkey)
      union all
      select hotkey, executor_class, count::integer from received, jsonb_each_text(counts) as offer (executor_class, count)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view miner_offer');
    await runner.query('drop table connection_manifest');
  }
}
