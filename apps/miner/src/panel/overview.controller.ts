import { Get } from '@nestjs/common';
import type { MinerExecutorHost, MinerImages, MinerOverview } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { ImagePreparation } from '../background/image-preparation.ts';
import { ExecutorHosts } from './executor-hosts.ts';
import { Overview } from './overview.ts';

/** What the panel shows of the miner as a whole: how it is, its executors, their images. */
@AdminApi()
export class OverviewController {
  constructor(
    private readonly overviews: Overview,
    private readonly hosts: ExecutorHosts,
    private readonly images: ImagePreparation,
  ) {}

  @Get('overview')
  overview(): Promise<MinerOverview> {
    return this.overviews.read();
  }

  @Get('executors')
  async executors(): Promise<{ results: MinerExecutorHost[] }> {
    return { results: await this.hosts.read() };
  }

  @Get('images')
  lastImages(): MinerImages {
    const { last, jobImages, policy } = this.images;
    return {
      results: last?.images ?? [],
      at: last && last.at.toISOString(),
      of_jobs: jobImages.machines.map(({ machine, images, error }) => ({
        machine,
        images: images.map(({ usedAt, ...image }) => ({ ...image, used_at: usedAt })),
        error,
      })),
      removed: jobImages.removed,
      limits: { most_bytes: policy.mostBytes, least_free: policy.leastFree },
    };
  }
}
