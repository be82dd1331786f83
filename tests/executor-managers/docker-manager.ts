import type { DockerExecutorManager, DockerExecutorManagerOptions } from '@horde/executor-manager';
import { onTestFinished } from 'vitest';
import type { ManagerUnderTest } from '../../libs/executor-manager/src/testing/conformance.ts';

/** A Docker manager, and what it has written to its log. */
export interface DockerManagerUnderTest extends ManagerUnderTest {
  create(options?: Partial<DockerExecutorManagerOptions>): DockerExecutorManager;
  said: string[];
}

/** Closes it, and the managers that it makes, when the test is over. */
export function untilTestEnds<Under extends DockerManagerUnderTest>(under: Under): Under {
  onTestFinished(under.close);
  const { create } = under;
  under.create = (options) => {
    const manager = create(options);
    onTestFinished(() => manager.close());
    return manager;
  };
  return under;
}
