import { JsonFloat, withoutNuls, type JsonObject, type JsonValue } from '@horde/protocol';

/** All cards of one model in a machine; what they are like is what the first of them tells. */
interface Gpu {
  model: string;
  count: number;
  /** @unit MiB */
  vram: number | null;
  /** Compute capability, such as `8.6`. */
  cuda: string | null;
  driver: string | null;
  /** @unit MHz */
  graphicsSpeed: number | null;
  /** @unit MHz */
  memorySpeed: number | null;
  /** @unit watts */
  powerLimit: number | null;
  uuid: string | null;
  serial: string | null;
}

/** What a description tells of a machine; null: nothing of that. */
export interface Machine {
  cpuModel: string | null;
  cpuCount: number | null;
  /** @unit GiB */
  totalRam: number | null;
  /** @unit GiB */
  totalHdd: number | null;
  os: string | null;
  virtualization: string | null;
  gpus: Gpu[];
}

/** What changes from minute to minute on the same machine, by group. */
const volatile: Record<string, readonly string[]> = {
  cpu: ['clocks', 'frequency'],
  hard_disk: ['free', 'available', 'used'],
  ram: ['free', 'available', 'used', 'buffers', 'cached', 'shared', 'swap_free', 'swap_used', 'swap_cached'],
};
/** Of what a machine has no more; the rest is passed over. */
const maxCards = 256;
const maxModels = 16;
const maxCount = 1_000_000;
/** @unit characters */
const maxText = 255;
const kibPerGib = 1024 * 1024;

/** A description without what changes from minute to minute: the same machine has the same one again. */
export function withoutVolatile(specs: JsonObject): JsonObject {
  return new Map(
    [...specs].map(([name, group]) => {
      const keys = Object.hasOwn(volatile, name) ? volatile[name]! : [];
      if (!(group instanceof Map) || keys.length === 0) return [name, group];
      return [name, new Map([...group].filter(([key]) => !keys.includes(key)))];
    }),
  );
}

/**
 * Finds in a description what there is in it, in the form of ComputeHorde's executors of any generation or of ours.
 * Whatever is of no use is passed over.
 *
 * @returns null when it tells nothing of a machine
 */
export function parseMachine(specs: JsonObject): Machine | null {
  const cpu = groupOf(specs.get('cpu'));
  const virtualization = specs.get('virtualization');
  const machine: Machine = {
    cpuModel: text(cpu.get('model')),
    cpuCount: whole(cpu.get('count')),
    totalRam: gib(groupOf(specs.get('ram')).get('total')),
    totalHdd: gib(groupOf(specs.get('hard_disk')).get('total')),
    os: text(specs.get('os')),
    virtualization: text(virtualization instanceof Map ? virtualization.get('machine') : virtualization),
    gpus: gpusOf(groupOf(specs.get('gpu')).get('details')),
  };
  const { gpus, ...others } = machine;
  return gpus.length > 0 || Object.values(others).some((value) => value !== null) ? machine : null;
}

function gpusOf(details: JsonValue | undefined): Gpu[] {
  const gpus = new Map<string, Gpu>();
  for (const card of Array.isArray(details) ? details.slice(0, maxCards) : []) {
    const of = groupOf(card);
    const model = modelOf(text(of.get('name')) ?? '');
    const known = gpus.get(model);
    if (known) known.count++;
    else if (model !== '' && gpus.size < maxModels)
      gpus.set(model, {
        model,
        count: 1,
        vram: number(of.get('capacity')),
        cuda: text(of.get('cuda')),
        driver: text(of.get('driver')),
        graphicsSpeed: number(of.get('graphics_speed')),
        memorySpeed: number(of.get('memory_speed')),
        powerLimit: number(of.get('power_limit')),
        uuid: text(of.get('uuid')),
        serial: text(of.get('serial')),
      });
  }
  return [...gpus.values()];
}

/** A card's name as ComputeHorde lists it: `NVIDIA RTX A6000` is `RTX A6000`. */
const modelOf = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/-|NVIDIA/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

const groupOf = (value: JsonValue | undefined): JsonObject => (value instanceof Map ? value : new Map());

/** A text that tells something and that the database can hold; numbers as they are written. */
function text(value: JsonValue | undefined): string | null {
  const told = typeof value === 'string' ? value : (number(value)?.toString() ?? '');
  const shown = withoutNuls(told).trim();
  return shown === '' ? null : shown.slice(0, maxText).toWellFormed();
}

/** A number, also one that is written as a text, as `nvidia-smi` does. */
function number(value: JsonValue | undefined): number | null {
  const plain = value instanceof JsonFloat ? value.value : value;
  const isNumber = typeof plain === 'number' || typeof plain === 'bigint';
  const isText = typeof plain === 'string' && plain.trim() !== '';
  const found = isNumber || isText ? Number(plain) : NaN;
  return Number.isFinite(found) ? found : null;
}

function whole(value: JsonValue | undefined): number | null {
  const found = number(value);
  return found !== null && Number.isInteger(found) && found >= 0 && found <= maxCount ? found : null;
}

/** @param value KiB */
function gib(value: JsonValue | undefined): number | null {
  const found = number(value);
  return found === null ? null : Math.round((found / kibPerGib) * 100) / 100;
}
