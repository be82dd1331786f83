import { expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';
import { ValidatorConfig } from './validator-config.ts';

const scene = new Scene();

it('a limit that is changed while the validator runs holds for the next job', async () => {
  scene.miner.script = wholeJob;
  const validator = await scene.start();
  await validator.get(ValidatorConfig).set('DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME', 9);
  const uuid = await scene.send();
  await scene.facilitator.update(uuid, 'completed');
  const [initial] = scene.miner.initial(uuid);
  expect(initial!.executor_timing!.allowed_leeway).toBe(9);
});
