import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MinerNetwork } from './miner-network.ts';

let network: MinerNetwork;
beforeAll(async () => {
  network = await MinerNetwork.start();
});
afterAll(() => network?.close());

/** A start of the miner that is refused. */
const refused = (environment: Record<string, string>) => network.command([], environment).ended;

describe('a miner that cannot start says why, in a sentence without a stack', () => {
  it.each([
    [
      'its hotkey is not there',
      { BITTENSOR_WALLET_HOTKEY_NAME: 'other' },
      /^miner cannot start:\n {2}There is no hotkey file \S+\/other\.\n {2}BITTENSOR_WALLET_DIRECTORY, .*\n$/,
      2,
    ],
    [
      'its database is none',
      { DATABASE_URL: 'mysql://u:secret@h/d' },
      'miner cannot start:\n  DATABASE_URL is not valid: it must begin with postgres://.\n',
      2,
    ],
    [
      'its address is not of this machine',
      { HOST: '192.0.2.1' },
      'miner cannot start:\n  This machine has no address 192.0.2.1 to listen on.\n',
      1,
    ],
  ])('%s', async (_name, environment, sentence, code) => {
    const { exitCode, complained } = await refused(environment as Record<string, string>);
    expect(complained).toMatch(sentence);
    expect(exitCode).toBe(code);
  });

  it('another program has its port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { exitCode, complained } = await refused({ BITTENSOR_MINER_PORT: String(port) });
    expect(complained).toBe(
      `miner cannot start:\n  Another program listens on 127.0.0.1:${port}; ss -ltnp 'sport = :${port}' tells which.\n`,
    );
    expect(exitCode).toBe(1);
  });
});

it('a command whose database is away says so once', async () => {
  const away = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' };
  const { exitCode, complained } = await network.command(['evict_old_data'], away).ended;
  expect(complained).toMatch(/^The database of miner cannot be used: .*ECONNREFUSED.*\n$/);
  expect(exitCode).toBe(1);
});
