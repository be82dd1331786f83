import type { INestApplication } from '@nestjs/common';
import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger, Health } from '@horde/operations';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ServiceBundle } from '@horde/testing/service-bundle';
import { Cheats } from '../../apps/validator/src/cheats/cheats.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';
import { ValidatorContext } from '../../apps/validator/src/commands/validator-context.ts';
import { ValidatorConfig } from '../../apps/validator/src/dynamic-config/validator-config.ts';
import { MetricsRegistry } from '../../apps/validator/src/metrics/metrics-registry.ts';
import { transactionsOpenSince } from '../../apps/validator/src/testing/open-transactions.ts';
import { WeightSetting } from '../../apps/validator/src/weights/weight-setting.ts';
import { DevnetSubnet } from './devnet-subnet.ts';

const gpu = 'spin_up-4min.gpu-24gb';
const llm = 'always_on.llm.a6000';
/** Of the cycle that is scored, on subnet 12: its first block, and the window for its weights. */
const cycle = { start: 708, end: 1_430 };
const window = { from: 1_444 + 361, until: 1_444 + 722 - 15 };

let subnet: DevnetSubnet;
afterEach(() => subnet.close());

const look = (validator: INestApplication) => validator.get(WeightSetting).look();
/** Looks until the weights stand so: another look of the validator's own may be under way. */
const until = (validator: INestApplication, state: string) =>
  expect
    .poll(async () => {
      await look(validator);
      return (await rows()).at(-1)?.state;
    })
    .toBe(state);
const rows = () =>
  subnet.place.query<{
    state: string;
    note: string;
    weights: string;
    attempts: number;
    inputs_digest: string;
  }>('select * from cycle_weights order by cycle_start');

describe('the weights for a cycle', () => {
  it('are those that are computed by hand', async () => {
    subnet = await DevnetSubnet.at(cycle.start);
    const [c1, c2] = [Keypair.generate().address, Keypair.generate().address];
    const a1 = await subnet.miner(c1);
    const a2 = await subnet.miner(c1);
    const b1 = await subnet.miner(c2);
    a1.miner.mainHotkey = a2.miner.mainHotkey = a2.hotkey;
    // The devnet tells what it asks of weights.
    const validator = await subnet.validator({ BITTENSOR_NETWORK: 'devnet' });
    const other = Keypair.generate();
    await subnet.job(validator, a1, cycle.start, { executorClass: gpu, cost: 30 });
    await subnet.job(validator, a2, cycle.end - 1, { executorClass: gpu, cost: 10, by: other });
    await subnet.job(validator, b1, 1_000, { executorClass: gpu, cost: 56, by: other });
    await subnet.job(validator, b1, 1_001, { executorClass: llm, cost: 5 });
    await subnet.job(validator, b1, 1_001, { executorClass: 'always_on.test', cost: 900 });
    // Not of this cycle.
    await subnet.job(validator, b1, cycle.start - 1, { executorClass: gpu, cost: 7_000 });
    await subnet.job(validator, b1, cycle.end, { executorClass: gpu, cost: 7_000 });
    await subnet.place.query(
      'insert into main_hotkey (coldkey, cycle_start, hotkey, told_by) values ($1, $2, $3, $3)',
      [c1, cycle.start - 722, a1.hotkey],
    );
    await subnet.goTo(window.from);
    await until(validator, 'confirmed');
    // c1 was paid 40 and has another main hotkey than before: 44, of which a2 gets 35.2 and a1 8.8; b1 was paid 56. Of
    // these 100, at a weight of 98, and b1's all of a weight of 1, the sum is 99.
    const [weights] = await subnet.weights();
    expect(Object.keys(weights!)).toHaveLength(3);
    expect(weights![a1.hotkey]).toBeCloseTo((8.8 * 0.98) / 99, 7);
    expect(weights![a2.hotkey]).toBeCloseTo((35.2 * 0.98) / 99, 7);
    expect(weights![b1.hotkey]).toBeCloseTo((56 * 0.98 + 1) / 99, 7);
    expect(await subnet.events()).toEqual(['SUCCESS', 'SET_WEIGHTS_SUCCESS']);
    expect(await validator.get(MetricsRegistry).metrics()).toContain(
      `validator_allowance_paid_job_scores{miner_hotkey="${b1.hotkey}",executor_class="${gpu}"} 56`,
    );
  });

  it('are handed in once: not again when the chain has them, nor by another process', async () => {
    const { one, other } = await scored();
    await Promise.all([look(one), look(other)]);
    await until(one, 'confirmed');
    await subnet.goTo(window.from + 200);
    await Promise.all([look(one), look(other)]);
    expect(subnet.given).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'confirmed', attempts: 1 }]);
  });

  it('are handed in again when Pylon refuses them, within the window, and are the same', async () => {
    const { one, miner } = await scored();
    subnet.pylon = 'refuses';
    await until(one, 'to send');
    expect((await rows())[0]!.note).toMatch(/answered PUT .* with 502: not now.* It is tried again\.$/);
    await subnet.job(one, miner, 1_100, { executorClass: llm, cost: 3 });
    subnet.pylon = 'works';
    await until(one, 'confirmed');
    expect(new Set(subnet.given.map((given) => JSON.stringify(given))).size).toBe(1);
    expect((await subnet.events()).slice(-2)).toEqual(['SET_WEIGHTS_ERROR', 'SET_WEIGHTS_SUCCESS']);
  });

  it('that Pylon took and forgot are given to it again, where ComputeHorde takes them for set', async () => {
    const { one } = await scored();
    subnet.pylon = 'forgets';
    await until(one, 'sent');
    await subnet.goTo(window.from + 24);
    expect(await look(one)).toContain(`They are sent again in block ${window.from + 25}.`);
    subnet.pylon = 'works';
    await subnet.goTo(window.from + 25);
    await until(one, 'confirmed');
    expect(subnet.given).toHaveLength(2);
    expect(subnet.given[1]).toEqual(subnet.given[0]);
  });

  it('that never reached the chain are missed when the window has ended, and that is said', async () => {
    const { one } = await scored();
    subnet.pylon = 'refuses';
    await until(one, 'to send');
    await subnet.goTo(window.until);
    await until(one, 'missed');
    const given = subnet.given.length;
    await look(one);
    expect(subnet.given).toHaveLength(given);
    expect((await subnet.events()).at(-1)).toBe('GIVING_UP');
    expect((await one.get(Health).report()).checks['weights']).toContain(
      'the chain did not take its weights',
    );
  });

  it('are handed in within the next window when their cycle still has one', async () => {
    const { one } = await paid();
    await one.get(ValidatorConfig).set('DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL', 200);
    await one.get(ValidatorConfig).set('DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET', 100);
    subnet.pylon = 'refuses';
    await subnet.goTo(1_700);
    await until(one, 'to send');
    await subnet.goTo(1_785);
    await until(one, 'missed');
    subnet.pylon = 'works';
    await subnet.goTo(1_900);
    await until(one, 'confirmed');
    expect(new Set(subnet.given.map((given) => JSON.stringify(given))).size).toBe(1);
  });

  it('wait with a sentence while the validator has no permit or no stake', async () => {
    const { one } = await scored();
    await subnet.own({ validator_permit: false });
    await until(one, 'to send');
    expect(await look(one)).toBe(
      `${subnet.hotkey} has no validator permit, so the chain takes no weights from it.`,
    );
    await subnet.own({ stake: 0 });
    expect(await look(one)).toBe(`${subnet.hotkey} has no stake, so the chain takes no weights from it.`);
    await subnet.own({});
    await until(one, 'confirmed');
  });

  it('that could not be computed are computed at the next look, and why is told meanwhile', async () => {
    const { one } = await paid();
    await subnet.place.query('alter table cheat_report rename to elsewhere');
    await subnet.goTo(window.from);
    await expect.poll(() => look(one).catch(String)).toContain('relation "cheat_report" does not exist');
    const why = 'relation "cheat_report" does not exist. It is tried again.';
    expect(await rows()).toMatchObject([{ state: 'to compute', note: why }]);
    expect((await one.get(Health).report()).checks['weights']).toBe(why);
    expect((await subnet.events()).slice(-1)).toEqual(['GENERIC_ERROR']);
    await subnet.place.query('alter table elsewhere rename to cheat_report');
    await until(one, 'confirmed');
  });

  it('are not handed in while SERVING is off', async () => {
    subnet = await DevnetSubnet.at(window.from);
    const validator = await subnet.validator({ SERVING: 'false' });
    expect(await look(validator)).toBe('SERVING is off: no weights are handed in.');
    expect(await rows()).toEqual([]);
  });
});

/** Two processes of a validator, with a miner that was paid. */
async function paid() {
  subnet = await DevnetSubnet.at(cycle.start);
  const miner = await subnet.miner(Keypair.generate().address);
  const [one, other] = [await subnet.validator(), await subnet.validator()];
  await subnet.job(one, miner, 1_000, { executorClass: gpu, cost: 30 });
  return { one, other, miner };
}

/** The same when the window begins. */
async function scored() {
  const parts = await paid();
  await subnet.goTo(window.from);
  return parts;
}

/** Half a minute of two processors more, with `./horde test --all`. */
const whole = process.env['WHOLE_KILLS'] !== undefined;

describe.runIf(whole)('a validator that is killed', () => {
  let bundle: ServiceBundle;
  beforeAll(async () => {
    bundle = await ServiceBundle.build('validator');
    return () => bundle.remove();
  }, 120_000);

  it('between computing and handing in hands in the same weights after its start, once', async () => {
    const { one, other, miner } = await paid();
    await Promise.all([subnet.stop(one), subnet.stop(other)]);
    await subnet.own({ validator_permit: false });
    await subnet.goTo(window.from);
    const killed = bundle.run(subnet.place.environment(subnet.settings));
    await expect.poll(async () => (await rows())[0]?.state).toBe('to send');
    await killed.kill('SIGKILL');
    const [computed] = await rows();
    const next = await subnet.validator();
    await subnet.job(next, await subnet.miner(miner.coldkey), 1_200, { executorClass: llm, cost: 3 });
    await subnet.own({});
    await until(next, 'confirmed');
    expect(await subnet.weights()).toEqual([
      Object.fromEntries(JSON.parse(computed!.weights) as [string, number][]),
    ]);
    expect((await rows())[0]!.inputs_digest).toBe(computed!.inputs_digest);
  }, 90_000);

  it('before it hears that Pylon has the weights does not hand them in again', async () => {
    const { one, other } = await paid();
    await Promise.all([subnet.stop(one), subnet.stop(other)]);
    subnet.pylon = 'hangs';
    await subnet.goTo(window.from);
    const killed = bundle.run(subnet.place.environment(subnet.settings));
    await expect.poll(() => subnet.weights()).toHaveLength(1);
    // Meanwhile no transaction is open, where ComputeHorde's validator has one.
    const since = new Date();
    await expect.poll(() => transactionsOpenSince(subnet.place, since)).toEqual([]);
    await killed.kill('SIGKILL');
    subnet.pylon = 'works';
    const next = await subnet.validator();
    await until(next, 'confirmed');
    expect(subnet.given).toHaveLength(1);
  }, 90_000);
});

describe('with nothing to score and nothing to burn', () => {
  it('nothing is handed in, and event, metric and health say so', async () => {
    subnet = await DevnetSubnet.at(window.from);
    const validator = await subnet.validator();
    await until(validator, 'nothing to send');
    await subnet.goTo(window.until - 1);
    await look(validator);
    expect(subnet.given).toEqual([]);
    expect(await subnet.events()).toEqual(['SUCCESS', 'GENERIC_ERROR']);
    const sentence =
      /^Nobody on the subnet was paid for a job in the cycle from block 708 to 1429, and nothing is burnt/;
    const { checks } = await validator.get(Health).report();
    expect(checks['weights']).toMatch(sentence);
    expect(await validator.get(MetricsRegistry).metrics()).toContain(
      'validator_cycle_weights{state="nothing to send"} 1',
    );
  });

  it('a burn target gets all', async () => {
    subnet = await DevnetSubnet.at(cycle.start);
    const { hotkey } = await subnet.miner(Keypair.generate().address);
    const validator = await subnet.validator();
    await validator
      .get(ValidatorConfig)
      .set('DYNAMIC_BURN_TARGET_SS58ADDRESSES', `${Keypair.generate().address},${hotkey}`);
    await validator.get(ValidatorConfig).set('DYNAMIC_BURN_RATE', 0.5);
    await subnet.goTo(window.from);
    await until(validator, 'confirmed');
    expect(await subnet.weights()).toEqual([{ [hotkey]: 1 }]);
  });
});

describe('a job that was reported as cheated', () => {
  /** The weights of a miner that was paid 30 for it, and of one that was paid 10. The second miner that was asked ran it. */
  const cheated = async (settings: Record<string, string>, reporter = 'the user') => {
    subnet = await DevnetSubnet.at(cycle.start);
    const [liar, honest] = [
      await subnet.miner(Keypair.generate().address),
      await subnet.miner(Keypair.generate().address),
    ];
    const validator = await subnet.validator(settings);
    const attempt = await subnet.job(validator, liar, 1_000, { executorClass: gpu, cost: 30 });
    await subnet.job(validator, honest, 1_000, { executorClass: gpu, cost: 10 });
    const job = crypto.randomUUID();
    await subnet.place.query(
      `insert into job (uuid, request, executor_class, signatory, status, ended_at)
       values ($1, '', $2, 'the user', 'completed', now())`,
      [job, gpu],
    );
    await subnet.place.query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome)
       values ($1, 1, $1, 'another', '127.0.0.1', 1, now(), now(), 'declined'),
         ($1, 2, $2, $3, '127.0.0.1', 1, now(), now(), 'completed')`,
      [job, attempt, liar.hotkey],
    );
    await subnet.place.query(
      `insert into cheat_report (job_uuid, trusted_job_uuid, signatory, details) values ($1, 'x', $2, '{}')`,
      [job, reporter],
    );
    await validator.get(Cheats).act();
    await subnet.goTo(window.from);
    await until(validator, 'confirmed');
    const [weights] = await subnet.weights();
    return [weights![liar.hotkey] ?? 0, weights![honest.hotkey]];
  };

  it('earns nothing, where ComputeHorde pays for it', async () => {
    expect(await cheated({})).toEqual([0, 1]);
  });

  it('earns as in ComputeHorde with SCORE_CHEATED_JOBS', async () => {
    expect(await cheated({ SCORE_CHEATED_JOBS: 'true' })).toEqual([0.75, 0.25]);
  });

  it('earns when the report is of somebody who has no say in it', async () => {
    expect(await cheated({}, 'another user')).toEqual([0.75, 0.25]);
  });
});

describe('who is who is asked of the chain, as of blocks of its own', () => {
  it('so that coldkeys are known however late the validator began, and hotkeys that have left get no share', async () => {
    subnet = await DevnetSubnet.at(cycle.start);
    const coldkey = Keypair.generate().address;
    const [left, stayed, unpaid] = [
      await subnet.miner(coldkey),
      await subnet.miner(coldkey),
      await subnet.miner(coldkey),
    ];
    const someone = await subnet.miner(Keypair.generate().address);
    await subnet.goTo(cycle.end);
    await subnet.deregister(left.hotkey);
    const validator = await subnet.validator();
    await subnet.job(validator, left, 1_000, { executorClass: gpu, cost: 50 });
    await subnet.job(validator, stayed, 1_000, { executorClass: gpu, cost: 10 });
    await subnet.job(validator, someone, 1_000, { executorClass: gpu, cost: 60 });
    await subnet.goTo(window.from);
    await until(validator, 'confirmed');
    const [weights] = await subnet.weights();
    expect(weights).toEqual({ [stayed.hotkey]: 0.25, [unpaid.hotkey]: 0.25, [someone.hotkey]: 0.5 });
  });
});

describe('a chain that does not tell of older blocks any more', () => {
  it('keeps no weights from being handed in: who is registered now counts', async () => {
    const { one, miner } = await paid();
    const late = window.from + 320;
    subnet.oldest = late - 300;
    await subnet.goTo(late);
    await until(one, 'confirmed');
    expect(await subnet.weights()).toEqual([{ [miner.hotkey]: 1 }]);
    const [{ reasons }] = (await subnet.place.query('select reasons from cycle_weights')) as [
      { reasons: string },
    ];
    expect(JSON.parse(reasons)).toMatchObject({ neurons_block: late });
  });
});

describe('what an operator can type', () => {
  const typing = (changes: Record<string, string> = {}) => {
    const printed: string[] = [];
    const logger = createLogger('validator');
    logger.level = 'silent';
    const context = new ValidatorContext(
      subnet.place.environment({ ...subnet.settings, ...changes }),
      (text) => printed.push(text),
      logger,
      new AbortController().signal,
    );
    return async (...words: string[]) => {
      printed.length = 0;
      const code = await runCommand(validatorProgram, words, context, (text) => printed.push(text));
      return [code, printed.join('\n')] as const;
    };
  };

  it('scores are printed, weights are handed in, and who gets them why is explained', async () => {
    const { one, other, miner } = await paid();
    await Promise.all([subnet.stop(one), subnet.stop(other)]);
    const type = typing();
    await subnet.goTo(window.from - 1);
    const [, early] = await type('explain_weights');
    expect(early).toMatch(
      /^Blocks 708 to 1429: there are no weights yet, because block 1804 is in no window /,
    );
    await subnet.goTo(window.from);
    expect((await type('explain_weights'))[1]).toMatch(
      /^Blocks 708 to 1429: .* since block 1805, until 2150, .*\n-> validator debug_set_scores\n/,
    );
    await type('set_dynamic_config', 'SERVING', 'false');
    expect((await type('explain_weights'))[1]).toMatch(
      /because SERVING is off: .*\n-> validator set_dynamic_config SERVING true$/,
    );
    await type('unset_dynamic_config', 'SERVING');
    const scores = 'calculate_allowance_paid_job_scores';
    expect(await type(scores, '708', '1430')).toEqual([
      0,
      `Blocks 708 to 1429:\n${gpu}: 1 miner\n  ${miner.hotkey}: 30`,
    ]);
    expect(await type(scores)).toEqual([0, `Blocks 1430 to ${window.from - 6}:\nNo job was paid for.`]);
    expect((await type(scores, '708', '1430', '--verbose'))[1]).toContain(`miner ${miner.hotkey}  validator`);
    expect((await type(scores, 'x'))[0]).toBe(2);
    const [code, said] = await type('debug_set_scores');
    expect([code, said]).toEqual([
      0,
      `The weights were given to Pylon in block ${window.from}, and the chain does not show them yet.`,
    ]);
    expect((await type('debug_set_scores'))[1]).toBe(`The chain has the weights since block ${window.from}.`);
    expect((await type('explain_weights', '1430'))[1]).toMatch(
      /^Blocks 1430 to 2151: .* because the cycle is not over: /,
    );
    const [, explained] = await type('explain_weights', '708');
    expect((await type('explain_weights'))[1]).toBe(explained);
    await subnet.goTo(window.from + 722);
    const [, later] = await type('explain_weights');
    expect(later).toContain(
      `${explained}\n\nBlocks 1430 to 2151: there are no weights yet, though they may be handed in since`,
    );
    const [, alone] = await typing({ PYLON_ADDRESS: 'http://127.0.0.1:1' })('explain_weights');
    expect(alone).toMatch(
      /\n\nWhy there are no newer weights cannot be said: Pylon at .* does not answer.*\n-> validator doctor$/,
    );
    expect(alone).toContain(explained);
    expect(explained).toContain('Blocks 708 to 1429: confirmed. The chain has the weights since block');
    expect(explained).toContain(`\nWeights:\n  ${miner.hotkey}  1\n`);
    expect(explained).toContain(`\n  coldkey ${miner.coldkey} was paid 30\n    ${miner.hotkey}  30`);
  });
});

describe('two validators with the same receipts', () => {
  it('come to the same weights, whichever order these came in', async () => {
    subnet = await DevnetSubnet.at(cycle.start);
    const [c1, c2] = [Keypair.generate().address, Keypair.generate().address];
    const miners = [await subnet.miner(c1), await subnet.miner(c1), await subnet.miner(c2)];
    for (const { miner } of miners) miner.mainHotkey = miners[1]!.hotkey;
    const one = await subnet.validator();
    for (let i = 0; i < 30; i++) {
      const work = { executorClass: i % 2 ? gpu : llm, cost: 1 + ((i * 7) % 31) } as const;
      await subnet.job(one, miners[i % 3]!, 1_000 + 2 * i, work);
    }
    await subnet.goTo(window.from);
    await until(one, 'confirmed');
    const place = await subnet.copy();
    const two = await subnet.validator({}, place);
    await expect.poll(() => look(two)).toMatch(/^\w+ is not registered on subnet 12/);
    const sql = 'select weights, inputs_digest from cycle_weights';
    expect(await place.query(sql)).toEqual(await subnet.place.query(sql));
    expect(Object.keys((await subnet.weights())[0]!)).toHaveLength(3);
  });
});
