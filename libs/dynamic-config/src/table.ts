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

/** The table of its changes, for a later migration: who has changed what. */
export async function createDynamicConfigChangeTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table dynamic_config_change (
      id bigint generated always as identity primary key,
      key text not null,
      source text not null,
      -- The operator's account; null: it was the documents.
      changed_by text,
      -- As in dynamic_config; null: nothing was, or is, said.
      old jsonb,
      new jsonb,
      changed_at timestamptz not null default now()
    )`);
  await runner.query('create index dynamic_config_change_key on dynamic_config_change (key, id)');
}
