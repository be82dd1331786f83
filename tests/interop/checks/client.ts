import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ensureHotkey, walletHotkeyPath } from '@horde/identity';
import { startFacilitator } from '../../../apps/facilitator/src/testing/running-facilitator.ts';
import type { RunningNetwork } from '../network.ts';
import type { Peer } from '../peer.ts';

/** What the SDK tells of a job. */
interface Told {
  uuid: string;
  status: string;
  statuses: string[];
  stdout: string | null;
  stderr: string | null;
  artifacts: Record<string, string> | null;
  error: { reason: string; message: string } | null;
}

const completed = [
  'sent',
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

/** The real SDK client against our facilitator, with a whole network of ours behind it. */
export function clientChecks(peer: Peer, network: () => RunningNetwork): void {
  const job = (more: object) => ({
    executor_class: 'always_on.test',
    docker_image: network().image,
    ...more,
  });
  const user = () => {
    const { facilitator, wallets, validator } = network();
    return { facilitator, wallets, wallet: 'user', validator };
  };

  let jobs: { waited: Told; fetched: Told; callbacks: string[] }[];
  let attempted: Told;

  beforeAll(async () => {
    const specs = [
      job({
        args: [
          'sh',
          '-c',
          'cat /volume/in/words.txt; printf %s "$GREETING" > /artifacts/greeting.txt; echo oops >&2',
        ],
        env: { GREETING: 'Hällo, 2 you', '2': 'b', '1': 'a' },
        artifacts_dir: '/artifacts',
        inline: { '/volume/in/words.txt': 'one two\n' },
      }),
      job({ args: ['sh', '-c', 'echo "no folder for artifacts"'] }),
      job({ args: ['sh', '-c', 'echo so far; exit 3'] }),
      // Enough of them that the list of all jobs has more than one page.
      ...Array.from({ length: 8 }, () => job({ executor_class: 'always_on.llm.a6000', args: [] })),
    ];
    const attempt = job({ args: ['sh', '-c', 'echo done'] });
    const ran = await peer.ask<{ jobs: typeof jobs; attempted: Told }>('run_jobs', {
      ...user(),
      specs,
      attempt,
    });
    ({ jobs, attempted } = ran);
  }, 120_000);

  it('runs jobs: with and without a folder for artifacts, with environment and an inline volume', ({
    task,
  }) => {
    expect(jobs[0]!.waited).toMatchObject({
      status: 'completed',
      stdout: 'one two\n',
      stderr: 'oops\n',
      artifacts: { '/artifacts/greeting.txt': 'Hällo, 2 you' },
      error: null,
      statuses: completed,
    });
    expect(jobs[1]!.waited).toMatchObject({
      status: 'completed',
      stdout: 'no folder for artifacts\n',
      artifacts: {},
      statuses: completed,
    });
    expect(attempted).toMatchObject({ status: 'completed', stdout: 'done\n' });
    task.meta.count = 3;
  });

  it('learns that a job failed, and why', () => {
    expect(jobs[2]!.waited).toMatchObject({ status: 'failed', error: { reason: 'nonzero_return_code' } });
  });

  it('learns why a job is rejected that no miner can run', ({ task }) => {
    for (const { waited } of jobs.slice(3)) {
      expect(waited).toMatchObject({ status: 'rejected', error: { reason: 'no_miner_for_job' } });
      expect(waited.error!.message).not.toBe('');
    }
    task.meta.count = jobs.length - 3;
  });

  it('is told every status once, and gets the same job again', ({ task }) => {
    for (const { waited, fetched, callbacks } of jobs) {
      expect(fetched).toEqual(waited);
      expect(callbacks).toEqual(waited.statuses);
    }
    task.meta.count = jobs.length;
  });

  it('gets pages of jobs, all jobs one after the other, and an error for one that there is not', async () => {
    const { pages, iterated, missing } = await peer.ask<{
      pages: string[][];
      iterated: string[];
      missing: unknown;
    }>('list_jobs', user());
    expect(iterated.length).toBeGreaterThan(10);
    expect(new Set(iterated).size).toBe(iterated.length);
    expect(pages.flat()).toEqual(iterated.slice(0, pages.flat().length));
    expect(pages[0]).toHaveLength(3);
    expect(missing).toBe('ComputeHordeNotFoundError');
  }, 60_000);

  it('logs in again when its token has expired, and is told when it may not log in', async () => {
    const wallets = await mkdtemp(path.join(os.tmpdir(), 'horde-interop-wallets-'));
    const facilitator = await startFacilitator([], { jwtLifetime: 1 });
    try {
      const key = (wallet: string) =>
        ensureHotkey(walletHotkeyPath({ directory: wallets, wallet, hotkey: 'default' }));
      const { address } = await key('allowed');
      await key('stranger');
      await facilitator.allow(address);
      const where = { facilitator: facilitator.url, wallets, validator: address };
      expect(await peer.ask('outlive_token', { ...where, wallet: 'allowed' })).toEqual({
        before: 0,
        after: 0,
        renewed: true,
      });
      expect(await peer.ask('refused', { ...where, wallet: 'stranger' })).toContain('400');
    } finally {
      await facilitator.stop();
      await rm(wallets, { recursive: true });
    }
  }, 60_000);
}
