import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelMiner } from '@horde/panel-api';
import { wireTime } from '../jobs/job-rows.ts';

/** The miners, and the machines that validators have seen them with. */
@Injectable()
export class PanelMiners {
  constructor(private readonly database: Database) {}

  /** Those on the chain first. The machine is the one that was described last. */
  list(): Promise<PanelMiner[]> {
    return this.database.manager.query(
      `select hotkey, active, ip, port, ${wireTime('missed_since')} as missed_since,
         told.version, told.runner_version, ${wireTime('told.created_at')} as version_since,
         ${wireTime('seen.measured_at')} as measured_at, seen.validator_hotkey as measured_by,
         seen.cpu_model, seen.cpu_count, seen.total_ram, seen.total_hdd, seen.os, seen.virtualization,
         coalesce(seen.gpus, '[]') as gpus,
         coalesce(machines, 0) as machines
       from miner left join lateral (
         select version, runner_version, created_at from miner_version where miner_hotkey = hotkey order by id desc limit 1
       ) told on true left join lateral (
         select measured_at, validator_hotkey, cpu_model, cpu_count, total_ram, total_hdd, os, virtualization, (
             select json_agg(json_build_object('model', model, 'count', count, 'vram', vram, 'driver', driver, 'cuda', cuda)
               order by model)
             from machine_gpu where machine_gpu.specs_id = specs.id
           ) as gpus
         from (
           select * from machine_snapshot where miner_hotkey = hotkey order by id desc limit 1
         ) newest join machine_specs specs on specs.id = newest.specs_id
       ) seen on true left join (
         select miner_hotkey, count(distinct specs_id)::integer as machines from machine_snapshot
         where measured_at > now() - interval '24 hours' group by miner_hotkey
       ) counted on counted.miner_hotkey = hotkey
       order by active desc, hotkey limit 1000`,
    );
  }
}
