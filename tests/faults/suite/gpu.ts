import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** How a GPU and its driver are: what `nvidia-smi` does then. */
const conditions = {
  fine: 'exec cat "$0.table"',
  'a GPU has vanished': 'echo "No devices were found"; exit 6',
  'the driver no longer fits':
    'echo "Failed to initialize NVML: Driver/library version mismatch"; echo "NVML library version: 550.90"; exit 18',
  'the driver hangs': 'exec sleep 600',
} as const;
export type GpuCondition = keyof typeof conditions;
export const gpuTroubles = (Object.keys(conditions) as GpuCondition[]).filter((name) => name !== 'fine');

const table = `name, driver_version, memory.total [MiB], compute_cap, power.limit [W], clocks.current.graphics [MHz], clocks.current.memory [MHz], uuid, serial
NVIDIA RTX A6000, 535.183.01, 49140 MiB, 8.6, 300.00 W, 210 MHz, 405 MHz, GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d, 1560221012345
`;

/** The miner's machine has a GPU, as far as `nvidia-smi` tells: a program that stands in for it. */
export class Gpu {
  private readonly program: string;

  /** @param folder searched first for programs */
  constructor(folder: string) {
    this.program = path.join(folder, 'nvidia-smi');
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${this.program}.table`, table);
    writeFileSync(this.program, '#!/bin/sh\n. "$0.condition"\n', { mode: 0o755 });
    this.set('fine');
  }

  set(condition: GpuCondition): void {
    writeFileSync(`${this.program}.condition`, `${conditions[condition]}\n`);
  }
}
