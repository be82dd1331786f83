import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateToldManifests1795000000054 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table told_manifest (
        hotkey text primary key references miner (hotkey) on delete cascade,
        counts jsonb not null,
        told_at timestamptz not null default now()
      )`);
    // What a job's connection told counts until the miner is asked again, and not for ever where it is then silent.
    await runner.query(`
      create view miner_offer as
      with told as (
        select told_manifest.hotkey, counts from told_manifest left join miner_answer using (hotkey)
        where told_at > now() - interval '10 minutes' and (answered_at is null or answered_at < told_at)
      )
      select hotkey, executor_class, count from miner_manifest
      where not exists (select from told where told.hotkey = miner_manifest.hotkey)
      union all
      select hotkey, executor_class, count::integer from told, jsonb_each_text(counts) as offer (executor_class, count)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view miner_offer');
    await runner.query('drop table told_manifest');
  }
}
