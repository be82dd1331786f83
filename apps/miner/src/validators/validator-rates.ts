import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { TokenBucket } from '@horde/async';
import { MinerSettings } from '../settings.ts';

interface Buckets {
  frames: TokenBucket;
  jobs: TokenBucket;
}

/** How much validators may ask of this miner. What one may do does not grow with its connections. */
@Injectable()
export class ValidatorRates {
  /** One entry for each validator that has authenticated: no more than the chain has. */
  private readonly buckets = new Map<string, Buckets>();

  constructor(private readonly settings: MinerSettings) {}

  /** Resolves when the validator's next frame may be handled; a connection whose frames wait is not read further. */
  async frame(hotkey: string): Promise<void> {
    const wait = this.of(hotkey).frames.take();
    if (wait > 0) await sleep(wait, undefined, { ref: false });
  }

  /** Whether the validator may ask for one more job now. */
  job(hotkey: string): boolean {
    return this.of(hotkey).jobs.tryTake();
  }

  private of(hotkey: string): Buckets {
    const known = this.buckets.get(hotkey);
    if (known) return known;
    const { framesPerSecond, jobsPerMinute } = this.settings;
    const fresh = {
      frames: new TokenBucket(framesPerSecond, 2 * framesPerSecond),
      jobs: new TokenBucket(jobsPerMinute / 60, jobsPerMinute),
    };
    this.buckets.set(hotkey, fresh);
    return fresh;
  }
}
