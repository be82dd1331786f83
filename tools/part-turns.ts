import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestPart } from './test-parts.ts';

/** Runs the parts of a test run, and remembers which have passed: a run that goes on with it leaves these out. */
export class PartTurns {
  /** How each part ended, in the order of their ends. */
  readonly sums: string[] = [];
  private readonly folder: string;
  private readonly isKept: boolean;

  /** @param folder where it is remembered @param isKept whether what passes from now on is remembered, too */
  constructor(folder: string, isKept: boolean) {
    this.folder = folder;
    this.isKept = isKept;
  }

  /** Runs a part, unless it has passed before. @returns whether it passes */
  async take(name: string, run: () => Promise<boolean>): Promise<boolean> {
    const note = path.join(this.folder, `${name}.passed`);
    if (existsSync(note)) {
      this.sums.push(`${name}: passed before`);
      return true;
    }
    const began = performance.now();
    const passes = await run();
    if (!this.isKept) return passes;
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    this.sums.push(`${name}: ${passes ? 'passed' : 'FAILED'} in ${seconds} s`);
    if (passes) writeFileSync(note, '');
    return passes;
  }

  /** Runs all of them, two at a time: of those that make images, one. @returns whether all pass */
  async takeAll(parts: readonly TestPart[], run: (part: TestPart) => Promise<boolean>): Promise<boolean> {
    const imagesAreMade = Promise.withResolvers<void>();
    const makers = parts.filter(({ makesImages }) => makesImages);
    const others = parts.filter(({ makesImages }) => !makesImages);
    const failed: string[] = [];
    const lane = async (queue: TestPart[]) => {
      for (let part; (part = queue.shift());) {
        if (part.needsImages) await imagesAreMade.promise;
        const { name } = part;
        if (!(await this.take(name, () => run(part)))) failed.push(name);
        if (name === 'all-images') imagesAreMade.resolve();
      }
    };
    await Promise.all([lane(makers).then(() => lane(others)), lane(others)]);
    return failed.length === 0;
  }
}
