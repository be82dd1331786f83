import type { QueryRunner } from 'typeorm';

/** The table of a service's dynamic configuration, for one of its migrations. */
export async function createDynamicConfigTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table dynamic_config (
      key text not null,
      -- Who has said it: 'operator', or 'remote'.
      source text not null,
      -- [{"value", "effectiveFrom"}], the last one that is due counts.
      items jsonb not null,
      changed_at timestamptz not null default now(),
      primary key (key, source)
    )`);
}
