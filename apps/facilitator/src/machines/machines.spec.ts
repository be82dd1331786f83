import { Keypair } from '@horde/identity';
import { make, MachineSpecsUpdate, toJsonValue } from '@horde/protocol';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { Machines } from './machines.ts';

const key = Keypair.generate();
const miner = Keypair.generate().address;
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
const query = <T>(sql: string, ...values: unknown[]) => facilitator.database.manager.query<T[]>(sql, values);
const machines = () => facilitator.app.get(Machines);

/** As ComputeHorde's executors describe themselves. */
const specs = (used = 1, more: object = {}) => ({
  cpu: { model: 'EPYC', count: 64, frequency: 2000 + used, clocks: [used] },
  gpu: { count: 2, capacity: '1', details: [card('NVIDIA RTX A6000', 'a'), card('NVIDIA RTX-A6000', 'b')] },
  hard_disk: { total: 1_048_576_000, free: used, used, read_speed: 1.5 },
  ram: { total: 268_435_456, free: used, available: used, used, swap_total: 0 },
  has_docker: true,
  virtualization: 'kvm',
  os: 'Ubuntu 22.04',
  ...more,
});
const card = (name: string, serial: string) => ({
  name,
  capacity: '49140',
  cuda: '8.6',
  driver: '535',
  graphics_speed: '2100',
  memory_speed: 8001,
  power_limit: '[N/A]',
  uuid: `GPU-${serial}`,
  serial,
});

const update = (more: object = {}) => ({
  message_type: 'V0MachineSpecsUpdate',
  miner_hotkey: miner,
  validator_hotkey: key.address,
  specs: specs(),
  batch_id: 'batch',
  ...more,
});
/** Sends frames, and waits until they have been handled. */
async function tell(...frames: unknown[]): Promise<unknown[]> {
  for (const frame of frames) validator.sendText(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return validator.settle();
}
const counts = async () => {
  const [row] = await query<{ specs: number; snapshots: number; gpus: number }>(
    `select (select count(*)::int from machine_specs) as specs, (select count(*)::int from machine_gpu) as gpus,
       (select count(*)::int from machine_snapshot) as snapshots`,
  );
  return row;
};

beforeAll(async () => {
  facilitator = await startFacilitator([key.address]);
  await query(`insert into miner (hotkey, active, ip, port) values ($1, true, '192.0.2.1', 1)`, miner);
  validator = await ScriptedValidator.logIn(facilitator.url, key);
});
afterAll(() => facilitator.stop());
beforeEach(async () => {
  facilitator.log.length = 0;
  await query('truncate machine_snapshot, machine_specs cascade');
});

describe('a machine that a validator describes', () => {
  it('of a miner that is new on the chain is stored once the chain was asked, and of a stranger it is not', async () => {
    const newcomer = Keypair.generate().address;
    facilitator.chain.miners.push({ hotkey: newcomer, ip: '192.0.2.1', port: 1 });
    await tell(update({ miner_hotkey: Keypair.generate().address }), update({ miner_hotkey: newcomer }));
    const seen = () => query('select miner_hotkey from machine_snapshot');
    await expect.poll(seen).toEqual([{ miner_hotkey: newcomer }]);
    await expect.poll(() => facilitator.log.some(({ result }) => result === 'unknown_miner')).toBe(true);
  });

  it('is kept once however often and fully loaded it is, and shown as it was seen last', async () => {
    await tell(
      update(),
      update(),
      update({ batch_id: 'next', specs: specs(500) }),
      update({ batch_id: 'next', specs: specs(1, { os: 'Debian' }) }),
    );
    expect(await counts()).toEqual({ specs: 2, snapshots: 3, gpus: 2 });
    expect(await query('select * from hardware')).toEqual([
      {
        miner_hotkey: miner,
        validator_hotkey: key.address,
        measured_at: expect.any(Date) as Date,
        batch_id: 'next',
        os: 'Debian',
        virtualization: 'kvm',
        total_hdd: 1000,
        total_ram: 256,
        cpu_count: 64,
        cpu_model: 'EPYC',
        gpu_model: 'RTX A6000',
        gpu_count: 2,
        vram: 49140,
        cuda: '8.6',
        driver: '535',
        graphics_speed: 2100,
        memory_speed: 8001,
        power_limit: null,
      },
    ]);
  });

  it('is not stored in the name of another validator, or of a miner that has left', async () => {
    const gone = Keypair.generate().address;
    await query(`insert into miner (hotkey, active, ip, port) values ($1, false, '192.0.2.1', 1)`, gone);
    await tell(update({ validator_hotkey: Keypair.generate().address }), update({ miner_hotkey: gone }));
    expect(await counts()).toEqual({ specs: 0, snapshots: 0, gpus: 0 });
    const reasons = () => facilitator.log.flatMap(({ result }) => (result ? [result] : []));
    expect(reasons()).toEqual(['foreign']);
  });

  it('without an end is not stored, and neither are more than a validator can have seen', async () => {
    await tell(update({ specs: { os: 'x'.repeat(200_000) } }));
    expect(await counts()).toEqual({ specs: 0, snapshots: 0, gpus: 0 });
    const other = Keypair.generate().address;
    const message = make(MachineSpecsUpdate, {
      miner_hotkey: miner,
      validator_hotkey: key.address,
      specs: toJsonValue({}),
      batch_id: '',
    });
    const results = await Promise.all(Array.from({ length: 2_100 }, () => machines().note(other, message)));
    expect(results.filter((result) => result === 'too_many').length).toBeGreaterThan(0);
    // Long ones count as several: a validator must not fill the disk.
    const validator_hotkey = Keypair.generate().address;
    const long = { ...message, validator_hotkey, specs: toJsonValue({ os: 'x'.repeat(99_000) }) };
    const many = await Promise.all(
      Array.from({ length: 220 }, () =>
        machines().note(validator_hotkey, { ...long, miner_hotkey: 'nobody' } as MachineSpecsUpdate),
      ),
    );
    expect(many.filter((result) => result === 'too_many').length).toBeGreaterThan(0);
  });
});

describe('a description in which hardly anything is as it should be', () => {
  const odd: [string, object][] = [
    ['nothing', {}],
    ['null for everything', { cpu: null, gpu: null, ram: null, hard_disk: null, os: null }],
    ['other types', { cpu: 'x', gpu: [1], ram: { total: '' }, hard_disk: { total: [] }, os: {} }],
    [
      'a null model and no capacity',
      { cpu: { model: null, count: null }, gpu: { details: [{ name: 'A\0' }] } },
    ],
    ['too large numbers', { cpu: { count: 1e30, model: 1e300 }, ram: { total: 1e300 } }],
    ['characters that no text can hold', { os: '\0x', cpu: { model: `${'x'.repeat(254)}😀` } }],
    ['no cards but numbers', { gpu: { count: 8, details: [1, null, 'x', { name: 5 }, { name: 'NVIDIA' }] } }],
    ['keys of every object', { __proto__: {}, constructor: { total: 1 }, toString: null }],
  ];

  it.each(odd)('(%s) is kept, and ends nothing', async (_what, given) => {
    await tell(update({ specs: given }));
    expect(await counts()).toMatchObject({ specs: 1, snapshots: 1 });
    expect(facilitator.log.filter(({ level }) => level === 'error')).toEqual([]);
    const { parsed } = await machines().parseAgain();
    expect(parsed).toBe(0);
  });

  it('that is no message is answered, and the next one is read', async () => {
    const answers = await tell(update({ specs: [] }), update({ batch_id: 5 }), '{"message_type":', update());
    expect(answers).toHaveLength(3);
    expect(await counts()).toMatchObject({ snapshots: 1 });
  });

  it('and was not understood by an earlier version is looked at again on command', async () => {
    await tell(update(), update({ specs: {} }));
    await query('update machine_specs set parsed_at = null, cpu_model = null');
    await query('delete from machine_gpu');
    expect(await machines().parseAgain()).toEqual({ parsed: 1, left: 1 });
    expect(await query(`select cpu_model, gpu_model from hardware where cpu_model = 'EPYC'`)).toHaveLength(0);
    expect(await query(`select from machine_specs where cpu_model = 'EPYC'`)).toHaveLength(1);
  });
});
