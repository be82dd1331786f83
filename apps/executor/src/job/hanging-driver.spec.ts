import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { DurableMiner } from '@horde/testing/miner-executor/durable-miner';
import { runExecutor } from '../testing/run-executor.ts';

it('a warm executor takes jobs while the driver of a GPU hangs', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-hanging-driver-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = '#!/bin/sh\necho $$ >"$0.pid"\nexec sleep 600\n';
  writeFileSync(path.join(folder, 'nvidia-smi'), program, { mode: 0o755 });
  vi.stubEnv('PATH', [folder, process.env['PATH']].join(path.delimiter));
  onTestFinished(() => void vi.unstubAllEnvs());
  const miner = await DurableMiner.start(['durable-1', 'warm-1']);
  const settings = { executorToken: 'warm-1', executorClass: 'always_on.test', noGpu: false } as const;
  await runExecutor(miner, settings, { jobRunner: 'process' });
  await miner.connected();
  const hanging = Number(readFileSync(path.join(folder, 'nvidia-smi.pid'), 'utf8'));
  expect(process.kill(hanging, 0)).toBe(true);
});
