import type { JsonValue } from './json/values.ts';
import { Integer, Json, keepAbsent, Part, Parts, Text } from './messages/fields.ts';

/** One GPU, as `nvidia-smi` tells it: all of it text, null where it says nothing. */
export class GpuDetails {
  @Text({ max: 1000 }) name: string | null = null;
  /** Version of the driver. */
  @Text({ max: 1000 }) driver: string | null = null;
  /** @unit MiB */
  @Text({ max: 1000 }) capacity: string | null = null;
  /** Compute capability, such as `8.6`. */
  @Text({ max: 1000 }) cuda: string | null = null;
  /** @unit watts */
  @Text({ max: 1000 }) power_limit: string | null = null;
  /** @unit MHz */
  @Text({ max: 1000 }) graphics_speed: string | null = null;
  /** @unit MHz */
  @Text({ max: 1000 }) memory_speed: string | null = null;
  @Text({ max: 1000 }) uuid: string | null = null;
  @Text({ max: 1000 }) serial: string | null = null;
}

export class GpuSpecs {
  @Integer({ min: 0 }) count!: number;
  @Parts(() => GpuDetails) details: GpuDetails[] = [];
}

export class CpuSpecs {
  @Integer({ min: 0 }) count!: number;
  @Text({ max: 1000 }) model!: string;
  /** A list of numbers, one for each core. @unit MHz */
  @Json() clocks: JsonValue = [];
}

/** @unit KiB */
export class RamSpecs {
  @Integer() available: number | null = null;
  @Integer() free: number | null = null;
  @Integer() total: number | null = null;
  @Integer() used: number | null = null;
}

/** @unit KiB */
export class HardDiskSpecs {
  @Integer() total: number | null = null;
  @Integer() used: number | null = null;
  @Integer() free: number | null = null;
}

/**
 * An executor's machine: what stands in `MachineSpecs.specs` under `specs`, and in `MachineSpecsUpdate.specs`. A group
 * that could not be found out is left out, and the text beside it says why.
 */
export class MachineDescription {
  @keepAbsent @Part(() => GpuSpecs) gpu: GpuSpecs | undefined;
  @keepAbsent @Part(() => CpuSpecs) cpu: CpuSpecs | undefined;
  @keepAbsent @Part(() => RamSpecs) ram: RamSpecs | undefined;
  @keepAbsent @Part(() => HardDiskSpecs) hard_disk: HardDiskSpecs | undefined;
  @keepAbsent @Text({ max: 1000 }) os: string | undefined;
  @keepAbsent @Text({ max: 100_000 }) gpu_scrape_error: string | undefined;
  @keepAbsent @Text({ max: 100_000 }) cpu_scrape_error: string | undefined;
  @keepAbsent @Text({ max: 100_000 }) ram_scrape_error: string | undefined;
  @keepAbsent @Text({ max: 100_000 }) hard_disk_scrape_error: string | undefined;
  @keepAbsent @Text({ max: 100_000 }) os_scrape_error: string | undefined;
}
