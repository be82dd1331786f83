import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TokenBucket } from '@horde/async';
import { Database, PreparedStatement, type Transaction } from '@horde/database';
import {
  parseJson,
  withoutNuls,
  writeCompact,
  writeCompactSorted,
  type JsonObject,
  type MachineSpecsUpdate,
} from '@horde/protocol';
import { parseMachine, withoutVolatile, type Machine } from './parse-machine.ts';

/** A description of eight GPUs and 256 cores is a tenth as long. @unit characters */
const maxSpecs = 100_000;
/** One of this length counts as one, a longer one as several. @unit characters */
const usualSpecs = 10_000;
/** How many descriptions of a validator are taken: at once, and then a second. ComputeHorde's come in batches. */
const taken = { burst: 2_000, rate: 2 };
/** How many descriptions are looked at again in one go. */
const batchSize = 100;

/**
 * What became of a description:
 * - `foreign`: it is in the name of another validator than the one that sent it
 * - `unknown_miner`: the chain has no such miner
 * - `too_long`, `too_many`: more than is kept
 */
export type SpecsResult = 'stored' | 'foreign' | 'unknown_miner' | 'too_long' | 'too_many';

/**
 * Notes that a miner was seen with what is stored already, which is not removed as old meanwhile; no row when it is not
 * stored, or the chain has no such miner.
 */
const noteKnown = new PreparedStatement(
  `with known as (
     select id from machine_specs where content = $1 and exists (select from miner where hotkey = $3 and active)
     for key share
   ), noted as (
     insert into machine_snapshot (specs_id, batch_id, miner_hotkey, validator_hotkey)
     select id, $2, $3, $4 from known on conflict do nothing
   )
   select id from known`,
);

/** A machine that a miner was seen with last, one row for each model of GPU in it. */
export interface Hardware {
  miner_hotkey: string;
  measured_at: Date;
  cpu_model: string | null;
  cpu_count: number | null;
  total_ram: number | null;
  total_hdd: number | null;
  gpu_model: string | null;
  gpu_count: number | null;
  vram: number | null;
}

/** The machines that validators describe. */
@Injectable()
export class Machines {
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(private readonly database: Database) {}

  /**
   * Stores a description: its text once, however often it comes, and that the miner was seen with it. The same message
   * again changes nothing.
   *
   * @param validator who has sent it
   */
  async note(validator: string, update: MachineSpecsUpdate): Promise<SpecsResult> {
    const { miner_hotkey: miner, validator_hotkey: named, batch_id: batch } = update;
    const bucket = this.bucketOf(validator);
    if (!bucket.tryTake()) return 'too_many';
    if (named !== validator) return 'foreign';
    const specs = withoutVolatile(update.specs);
    const text = writeCompact(specs);
    if (text.length > maxSpecs) return 'too_long';
    bucket.take(Math.max(0, text.length / usualSpecs - 1));
    const content = createHash('sha256').update(writeCompactSorted(specs)).digest();
    const seen = [content, withoutNuls(batch), miner, validator];
    // Most machines are as they were.
    const [again] = await noteKnown.run(this.database.manager, seen);
    if (again) return 'stored';
    return this.database.transaction(async (tx) => {
      const known = await tx.manager.query<unknown[]>('select from miner where hotkey = $1 and active', [
        miner,
      ]);
      if (known.length === 0) return 'unknown_miner';
      await this.keep(tx, specs, text, content);
      const [noted] = await noteKnown.run(tx.manager, seen);
      if (!noted) throw new Error('The machine or its miner was removed while it was stored.');
      return 'stored';
    });
  }

  /** Looks again at the descriptions that told nothing: a newer version may find something in them. */
  async parseAgain(): Promise<{ parsed: number; left: number }> {
    let [parsed, left, last] = [0, 0, '0'];
    for (;;) {
      const rows = await this.database.manager.query<{ id: string; specs: string }[]>(
        `select id, specs::text from machine_specs where parsed_at is null and id > $1 order by id limit ${batchSize}`,
        [last],
      );
      for (const { id, specs } of rows) {
        const machine = parseMachine(parseJson(specs) as JsonObject);
        if (machine) await this.database.transaction((tx) => storeMachine(tx, id, machine));
        if (machine) parsed++;
        else left++;
      }
      if (rows.length < batchSize) return { parsed, left };
      last = rows.at(-1)!.id;
    }
  }

  /** What each miner was seen with last. */
  hardware(): Promise<Hardware[]> {
    return this.database.manager.query(
      `select miner_hotkey, measured_at, cpu_model, cpu_count, total_ram, total_hdd, gpu_model, gpu_count, vram
       from hardware order by miner_hotkey, gpu_model`,
    );
  }

  private bucketOf(validator: string): TokenBucket {
    const bucket = this.buckets.get(validator) ?? new TokenBucket(taken.rate, taken.burst);
    this.buckets.set(validator, bucket);
    return bucket;
  }

  /** Stores a description that is not there yet. */
  private async keep(tx: Transaction, specs: JsonObject, text: string, content: Buffer): Promise<void> {
    const [added] = await tx.manager.query<{ id: string }[]>(
      'insert into machine_specs (content, specs) values ($1, $2) on conflict do nothing returning id',
      [content, text],
    );
    const machine = added && parseMachine(specs);
    if (machine) await storeMachine(tx, added.id, machine);
  }
}

async function storeMachine({ manager }: Transaction, id: string, machine: Machine): Promise<void> {
  await manager.query(
    `update machine_specs set parsed_at = now(), cpu_model = $2, cpu_count = $3, total_ram = $4, total_hdd = $5,
       os = $6, virtualization = $7 where id = $1`,
    [
      id,
      machine.cpuModel,
      machine.cpuCount,
      machine.totalRam,
      machine.totalHdd,
      machine.os,
      machine.virtualization,
    ],
  );
  for (const gpu of machine.gpus)
    await manager.query(
      `insert into machine_gpu (specs_id, model, count, vram, cuda, driver, graphics_speed, memory_speed, power_limit,
         uuid, serial) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
      [
        id,
        gpu.model,
        gpu.count,
        gpu.vram,
        gpu.cuda,
        gpu.driver,
        gpu.graphicsSpeed,
        gpu.memorySpeed,
        gpu.powerLimit,
        gpu.uuid,
        gpu.serial,
      ],
    );
}
