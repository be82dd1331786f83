import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Keypair } from '@horde/identity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scrape } from '@horde/testing/metrics';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { FacilitatorSettings } from '../settings.ts';
import { MinerDirectory } from './miner-directory.ts';
import { MinerSync } from './miner-sync.ts';
import { MinerVersions } from './miner-versions.ts';

let facilitator: RunningFacilitator;
const query = <T>(sql: string, ...values: unknown[]) => facilitator.database.manager.query<T[]>(sql, values);
const sync = () => facilitator.app.get(MinerSync).sync();
/** Of another process, which asks miners on this machine. */
const fetchVersions = () => {
  const settings = Object.assign(new FacilitatorSettings(), { network: 'devnet' });
  return new MinerVersions(facilitator.app.get(MinerDirectory), settings).fetch();
};
const stored = async () =>
  (await query<{ row: string }>(`select hotkey || ' ' || active as row from miner`)).map(({ row }) => row);

beforeAll(async () => {
  facilitator = await startFacilitator([], {}, { hasSchedules: false });
});
afterAll(() => facilitator.stop());
beforeEach(async () => {
  facilitator.chain.miners.length = 0;
  await query('delete from miner');
});

describe('a miner', () => {
  const [first, second] = [Keypair.generate().address, Keypair.generate().address];
  const at = (hotkey: string) => ({ hotkey, ip: '127.0.0.1', port: 1 });
  const aMinutePasses = () => query(`update miner set missed_since = missed_since - interval '1 minute'`);

  it('that two readings of the chain lack, a minute apart, is no longer active, until it is back', async () => {
    facilitator.chain.miners.push(at(first), at(second));
    await sync();
    facilitator.chain.miners.pop();
    for (let reading = 0; reading < 3; reading++) await sync();
    expect((await stored()).toSorted()).toEqual([`${first} true`, `${second} true`].toSorted());
    await aMinutePasses();
    await sync();
    expect((await stored()).toSorted()).toEqual([`${first} true`, `${second} false`].toSorted());
    facilitator.chain.miners.push(at(second));
    await sync();
    expect((await stored()).toSorted()).toEqual([`${first} true`, `${second} true`].toSorted());
  });

  it('that one reading lacks stays as if nothing had been', async () => {
    facilitator.chain.miners.push(at(first), at(second));
    await sync();
    facilitator.chain.miners.pop();
    await sync();
    facilitator.chain.miners.push(at(second));
    await sync();
    expect(await query('select from miner where active and missed_since is null')).toHaveLength(2);
  });

  it('stays when the chain names none at all, however often', async () => {
    facilitator.chain.miners.push(at(first));
    await sync();
    facilitator.chain.miners.pop();
    for (let reading = 0; reading < 2; reading++) {
      await sync();
      await aMinutePasses();
    }
    expect(await stored()).toEqual([`${first} true`]);
  });
});

describe('the version of a miner', () => {
  let answer: RequestListener;
  let asked: number;
  const server = createServer((request, response) => {
    asked += request.url === '/version' ? 1 : 100;
    answer(request, response);
  });
  const hotkey = Keypair.generate().address;
  const told = () =>
    query<{ said: string }>(`select version || ' ' || runner_version as said from miner_version order by id`);
  const versions =
    (version: unknown, runner: unknown): RequestListener =>
    (_request, response) =>
      void response.end(JSON.stringify({ miner_version: version, runner_version: runner }));

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());
  beforeEach(async () => {
    asked = 0;
    const { port } = server.address() as AddressInfo;
    facilitator.chain.miners.push({ hotkey, ip: '127.0.0.1', port });
    await sync();
  });
  afterEach(() => server.closeAllConnections());

  it('is stored when it has changed, and when the miner has stopped to tell it', async () => {
    for (const next of [versions('1', 'a'), versions('1', 'a'), versions('2', 'a')]) {
      answer = next;
      await fetchVersions();
    }
    answer = (_request, response) => void response.writeHead(404).end();
    expect(await fetchVersions()).toEqual({ miners: 1, answered: 0, changed: 1 });
    await fetchVersions();
    expect((await told()).map(({ said }) => said)).toEqual(['1 a', '2 a', ' ']);
    answer = versions('3', 'a');
    await fetchVersions();
    expect(await (await scrape(facilitator.url)).text()).toMatch(/^facilitator_miners\{version="3"\} 1$/m);
  });

  it.each<[string, RequestListener]>([
    ['is no JSON', (_request, response) => void response.end('<html>')],
    ['is null', (_request, response) => void response.end('null')],
    ['are numbers', versions(1, { a: 1 })],
    ['has more than 64 kB', versions('x'.repeat(70_000), '')],
    ['leads elsewhere', (_request, response) => void response.writeHead(302, { location: '/other' }).end()],
    ['does not come within a second', () => undefined],
    ['breaks off', (_request, response) => void response.write('{', () => response.destroy())],
  ])('that %s is none', async (_what, listener) => {
    answer = listener;
    expect(await fetchVersions()).toEqual({ miners: 1, answered: 0, changed: 0 });
    expect([await told(), asked]).toEqual([[], 1]);
  });

  it('is cut to 100 characters that the database can hold', async () => {
    answer = versions(`\0\ud800${'x'.repeat(200)}`, '');
    await fetchVersions();
    expect((await told())[0]!.said).toBe(`��${'x'.repeat(98)} `);
  });

  it('is not asked for at an address of the facilitator’s own network, unless that is allowed', async () => {
    answer = versions('1', 'a');
    expect((await facilitator.app.get(MinerVersions).fetch()).answered).toBe(0);
    expect(asked).toBe(0);
  });
});
