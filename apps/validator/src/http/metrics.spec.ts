import type { INestApplication } from '@nestjs/common';
import { expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();

const metricsOf = async (validator: INestApplication) =>
  (await fetch(`${await validator.getUrl()}/metrics`)).text();

it('metrics tell of the jobs, of what waits for peers, and of the process', async () => {
  scene.miner.script = wholeJob;
  const validator = await scene.start({ VALIDATOR_VERSION: '1.2' });
  const uuid = await scene.send();
  await scene.facilitator.update(uuid, 'completed');
  const text = await metricsOf(validator);
  expect(text).toMatch(/^validator_jobs\{status="completed"\} 1$/m);
  expect(text).toMatch(/^validator_system_events_unsent 1$/m);
  expect(text).toMatch(/^validator_outbox_waiting \d+$/m);
  expect(text).toMatch(/^validator_info\{version="1.2",hotkey="5\w+",bittensor_network="none"\} 1$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});
