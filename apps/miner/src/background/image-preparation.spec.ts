import type { PreparedImage } from '@horde/executor-manager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { ImagePreparation } from './image-preparation.ts';

/** A manager with one machine, which remembers what it was asked to fetch. */
class FetchingManager extends RecordingManager {
  readonly asked: string[][] = [];
  answer: (images: string[], signal: AbortSignal) => Promise<PreparedImage[]> = async () => [];

  async prepareImages(images: string[], signal: AbortSignal): Promise<PreparedImage[]> {
    this.asked.push(images);
    return this.answer(images, signal);
  }
}

let miner: MinerUnderTest<FetchingManager> | undefined;
afterEach(() => miner?.close());

describe('the images of jobs that are expected', () => {
  it('are fetched on every machine when the miner starts, and those that are named later, too', async () => {
    const manager = new FetchingManager();
    miner = await MinerUnderTest.start(manager, { preloadedJobImages: ['a/b:1'] });
    await vi.waitFor(() => expect(manager.asked[0]).toEqual(['a/b:1']), { timeout: 10_000 });
    await miner.part(MinerConfig).set('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES', ['a/b:2', 'c']);
    await miner.part(ImagePreparation).prepare();
    expect(manager.asked.at(-1)).toEqual(['a/b:2', 'c']);
  });

  it('do not keep the miner from stopping while they are being fetched', async () => {
    const manager = new FetchingManager();
    const fetching = Promise.withResolvers<AbortSignal>();
    manager.answer = (_images, signal) => {
      fetching.resolve(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve([])));
    };
    miner = await MinerUnderTest.start(manager);
    const signal = await fetching.promise;
    await miner.close();
    miner = undefined;
    expect(signal.aborted).toBe(true);
  });
});
