import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Engine } from './engine.ts';
import { jobsFolder, programsFolder } from './environment.ts';
import { Gpu } from './gpu.ts';
import { MemoryDisk } from './memory-disk.ts';
import type { FaultOptions } from './options.ts';

/** How much jobs can store. @unit bytes */
const diskSize = 1024 ** 3;

/** What the miner's executors find on their machine, as far as it can be struck. */
export class Machine {
  private constructor(
    readonly gpu: Gpu,
    /** null: jobs are no containers. */
    readonly engine: Engine | null,
    /** Where jobs have their folders; null: nobody may mount one. */
    readonly disk: MemoryDisk | null,
  ) {}

  /** @param folder the network's */
  static async start(folder: string, { runner }: Pick<FaultOptions, 'runner'>): Promise<Machine> {
    const engine = runner === 'docker' ? await Engine.start(path.join(folder, 'engine')) : null;
    await mkdir(jobsFolder(folder));
    return new Machine(
      new Gpu(programsFolder(folder)),
      engine,
      MemoryDisk.mount(jobsFolder(folder), diskSize),
    );
  }

  /** @param keep leaves what jobs have left in a folder beside */
  async close(keep: boolean): Promise<void> {
    await this.engine?.close();
    await this.disk?.remove(keep);
  }
}
