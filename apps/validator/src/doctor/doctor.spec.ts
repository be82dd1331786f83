import { runCommand, type Finding } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { createTestDatabase } from '@horde/testing/database';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { serve } from '@horde/testing/web-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ValidatorContext } from '../commands/validator-context.ts';
import { validatorProgram } from '../commands/program.ts';
import { ValidatorPlace } from '../testing/running-validator.ts';

const pylon = new ScriptedPylon();
let place: ValidatorPlace;
beforeAll(async () => {
  await pylon.start();
  place = await ValidatorPlace.make();
});
afterAll(async () => {
  await place?.remove();
  await pylon.stop();
});

/** What the doctor says, by the names of its checks. */
async function doctor(changes: Record<string, string>) {
  const environment = place.environment({
    PYLON_ADDRESS: pylon.address,
    FACILITATOR_URI: 'ws://127.0.0.1:1/ws/v0/',
    ...changes,
  });
  const printed: string[] = [];
  const logger = createLogger('validator', { write: () => undefined });
  const signal = new AbortController().signal;
  const context = new ValidatorContext(environment, (text) => printed.push(text), logger, signal);
  const exitCode = await runCommand(validatorProgram, ['doctor', '--json'], context, () => undefined);
  const { checks } = JSON.parse(printed[0]!) as { checks: Finding[] };
  const lines = checks.map(({ check, verdict, says, fix }) => [check, `${verdict} ${says} -> ${fix}`]);
  return { exitCode, found: Object.fromEntries(lines) as Record<string, string> };
}

describe('the validator’s doctor', () => {
  it('finds that it is not registered, and when it is', async () => {
    const facilitator = await serve((_, response) => response.end());
    const there = { FACILITATOR_URI: `ws://127.0.0.1:${facilitator.port}/ws/v0/` };
    const stranger = await doctor(there);
    expect(Object.keys(stranger.found)).toEqual([
      'settings',
      'postgres',
      'redis',
      'wallet',
      'chain',
      'registration',
      'facilitator',
      'clock',
      'disk',
      'certificate',
    ]);
    const { address } = place.keypair;
    expect(stranger.found['registration']).toBe(
      `FAIL ${address} is not registered on subnet 12. -> Register it: btcli subnet register --netuid 12 --network none`,
    );
    expect(stranger.found['facilitator']).toMatch(/^OK ws:\/\/127.* answers\./);
    expect(stranger.exitCode).toBe(1);
    pylon.neurons = [{ hotkey: address, port: null }];
    expect((await doctor(there)).found['registration']).toMatch(/^OK Registered as 0\./);
  });

  it('finds a facilitator, a chain, a wallet and a database that are not there', async () => {
    const { exitCode, found } = await doctor({
      PYLON_ADDRESS: 'http://127.0.0.1:1',
      BITTENSOR_WALLET_HOTKEY_NAME: 'other',
      DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/d',
    });
    expect(exitCode).toBe(1);
    expect(found['facilitator']).toMatch(
      /^FAIL ws:\/\/127\.0\.0\.1:1\/ws\/v0\/ does not answer: .* -> Set FACILITATOR_URI /,
    );
    expect(found['chain']).toMatch(
      /^FAIL Pylon at .* does not answer.* -> Start Pylon, or set PYLON_ADDRESS /,
    );
    expect(found['wallet']).toMatch(/^FAIL There is no hotkey file /);
    expect(found['postgres']).toMatch(/^FAIL It cannot be used: .*ECONNREFUSED/);
    expect(JSON.stringify(found)).not.toContain('hidden');
  });

  it('finds a database without its tables', async () => {
    const { found } = await doctor({ DATABASE_URL: await createTestDatabase() });
    expect(found['postgres']).toMatch(/^WARN .* are due\. -> Start the validator: it makes them\.$/);
  });
});
