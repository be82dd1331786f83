import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The machines that validators describe: each description once, who was seen with it when, and what it tells. */
export class CreateMachines1796000060002 implements MigrationInterface {
  name = 'CreateMachines1796000060002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table machine_specs (
        id bigint generated always as identity primary key,
        -- SHA-256 of its text with sorted keys.
        content bytea not null unique,
        -- As it came, without what changes by the minute.
        specs json not null,
        created_at timestamptz not null default now(),
        -- null: what follows could not be found in it.
        parsed_at timestamptz,
        cpu_model text,
        cpu_count integer,
        -- GiB
        total_ram double precision,
        total_hdd double precision,
        os text,
        virtualization text
      )`);
    await runner.query(`
      create table machine_gpu (
        specs_id bigint not null references machine_specs (id) on delete cascade,
        model text not null,
        count integer not null,
        -- MiB
        vram double precision,
        cuda text,
        driver text,
        -- MHz
        graphics_speed double precision,
        memory_speed double precision,
        -- Watts
        power_limit double precision,
        uuid text,
        serial text,
        primary key (specs_id, model)
      )`);
    await runner.query(`
      create table machine_snapshot (
        id bigint generated always as identity primary key,
        specs_id bigint not null references machine_specs (id),
        batch_id text not null,
        miner_hotkey text not null,
        validator_hotkey text not null,
        measured_at timestamptz not null default now(),
        unique (batch_id, miner_hotkey, validator_hotkey, specs_id)
      )`);
    await runner.query('create index machine_snapshot_newest on machine_snapshot (miner_hotkey, id desc)');
    await runner.query('create index machine_snapshot_specs on machine_snapshot (specs_id)');
    await runner.query('create index machine_snapshot_measured_at on machine_snapshot (measured_at)');
    await runner.query(`
      create view hardware as
      select miner_hotkey, measured_at, validator_hotkey, batch_id, os, virtualization, total_hdd, total_ram,
        cpu_count, cpu_model, gpu.model as gpu_model, gpu.count as gpu_count, vram, cuda, driver, graphics_speed,
        memory_speed, power_limit
      from (
        select distinct on (miner_hotkey) * from machine_snapshot order by miner_hotkey, id desc
      ) newest
      join machine_specs specs on specs.id = newest.specs_id
      left join machine_gpu gpu on gpu.specs_id = specs.id`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view hardware');
    await runner.query('drop table machine_snapshot, machine_gpu, machine_specs');
  }
}
