import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By when all specs of networks have been begun, as a part of all files. */
const begunBy = 2 / 3;

/**
 * Specs of whole networks load the processors and take long, the others mostly wait and are short: networks are spread
 * over the run, so that both go on side by side, and none is begun last, when the other workers would wait for it.
 * Before all come those that need a worker of their own, as a worker that many share ends when one of these is next.
 */
export class NetworksSpread extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const alone = sorted.filter(({ project }) => project.config.isolate);
    const shared = sorted.filter(({ project }) => !project.config.isolate);
    const folder = path.join(this.ctx.config.root, 'tests/');
    const networks = shared.filter(({ moduleId }) => moduleId.startsWith(folder));
    const spread = shared.filter(({ moduleId }) => !moduleId.startsWith(folder));
    const step = (shared.length * begunBy) / networks.length;
    networks.forEach((network, index) => spread.splice(Math.round(index * step), 0, network));
    return [...alone, ...spread];
  }
}
