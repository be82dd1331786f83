import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { because } from '@horde/testing/missing';
import { missingRedis, startRedis } from '@horde/testing/redis';
import { expect, it, onTestFinished } from 'vitest';
import { startFacilitator } from './testing/running-facilitator.ts';

it.skipIf(missingRedis !== null)(
  `a facilitator that makes backups serves without the store of its queues, and makes one when that is there${because(missingRedis)}`,
  { timeout: 60_000 },
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const proxy = await openFaultProxy(redis.url);
    onTestFinished(() => proxy.close());
    proxy.shut = true;
    const backupFolder = await mkdtemp(path.join(tmpdir(), 'horde-facilitator-backup-'));
    onTestFinished(() => rm(backupFolder, { recursive: true }));

    const facilitator = await startFacilitator([], {
      redisUrlSetting: `redis://127.0.0.1:${proxy.port}`,
      backupFolder,
      backupKeys: ['age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg'],
    });
    onTestFinished(() => facilitator.stop());
    expect((await fetch(`${facilitator.url}/health/live`)).status).toBe(200);
    expect(await readdir(backupFolder)).toEqual([]);

    proxy.shut = false;
    await expect
      .poll(() => readdir(backupFolder), { timeout: 50_000 })
      .toEqual([expect.stringMatching(/^facilitator-.+\.age$/)]);
  },
);
