import { loadSettings } from '@horde/settings';
import { expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { ValidatorSettings } from '../settings.ts';
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

/** As in ComputeHorde, but for the burn target: the default there is a sentence that was to be its description. */
const defaults = {
  SERVING: true,
  DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: 7,
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: 5,
  DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: 5,
  DYNAMIC_RECEIPT_TRANSFER_ENABLED: false,
  DYNAMIC_RECEIPT_TRANSFER_INTERVAL: 2,
  DYNAMIC_MANIFESTS_USE_KNOWLEDGE_COMMITMENTS: false,
  DYNAMIC_MINER_MAX_EXECUTORS_PER_CLASS: 'always_on.llm.a6000=2',
  DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER: 1,
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER: 15,
  DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER: 0,
  DYNAMIC_MINIMUM_VALIDATOR_STAKE_FOR_EXCUSE: 30_000,
  DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: 24,
  DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: -50,
  DYNAMIC_ROUTING_RELIABILITY_SEPARATION: 5,
  DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: 14_400,
  DYNAMIC_JOB_CHEATED_BLACKLIST_TIME_SECONDS: 14_400,
  DYNAMIC_DISABLE_TRUSTED_ORGANIC_JOB_EVENTS: true,
  DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: '10000000000000000',
  DYNAMIC_COLLATERAL_SLASH_AMOUNT_WEI: '5000000000000000',
  DYNAMIC_EXECUTOR_CLASS_WEIGHTS:
    'spin_up-4min.gpu-24gb=98,always_on.llm.a6000=1,always_on.test=0,always_on.cpu.8c.16gb=1',
  DYNAMIC_DANCING_BONUS: 0.1,
  MAIN_HOTKEY_SHARE: 0.8,
  DYNAMIC_BURN_TARGET_SS58ADDRESSES: '',
  DYNAMIC_BURN_RATE: 0,
  DYNAMIC_BURN_PARTITION: 0,
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED: true,
  DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL: 722,
  DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET: 361,
  DYNAMIC_COMMIT_REVEAL_COMMIT_END_BUFFER: 15,
};

it('settings are as in ComputeHorde until somebody changes them, and nothing is burnt at a sentence', () => {
  const { settings } = loadSettings(ValidatorSettings, scene.place.environment({}));
  const config = new ValidatorConfig(settings, {} as never, {} as never);
  expect(Object.fromEntries(config.all().map(({ name, value }) => [name, value]))).toEqual(defaults);
});
