import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Specs of whole networks wait the longest: begun last, they would keep one worker busy when the others have ended. */
export class NetworksFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ofNetworks = path.join(this.ctx.config.root, 'tests/');
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => moduleId.startsWith(ofNetworks)),
      ...sorted.filter(({ moduleId }) => !moduleId.startsWith(ofNetworks)),
    ];
  }
}
