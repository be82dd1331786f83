import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealBundles, writeOwnLines, writeRealWallet } from './real-bundles.ts';
import { Server } from './server.ts';

/** Makes all images and starts the real runners: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

let bundles: RealBundles;

beforeAll(async () => {
  if (whole) bundles = await RealBundles.make();
}, 1_500_000);
afterAll(() => bundles?.remove());

// The oldest Docker that is installed from a distribution, 20.10, and the newest, 29, which refuses what speaks API below 1.44.
describe.runIf(whole).each([
  ['bookworm', /^20\.10\./],
  ['noble', /^(29|[3-9]\d)\./],
] as const)('a fresh server of %s without Docker, and a bundle of the real images', (system, version) => {
  let server: Server;
  let hotkey: string;
  let words: string[];

  beforeAll(async () => {
    server = await Server.start(system, 'fresh');
    hotkey = await writeRealWallet(server);
    words = ['production', 'server', hotkey, '8000', 'always_on.test', '--offline', bundles.of('miner')];
    await writeOwnLines(server, 'miner', [
      'DEBUG_NO_GPU_MODE=true',
      `BITTENSOR_MINER_ADDRESS=${server.address}`,
    ]);
  }, 900_000);
  afterAll(() => server?.remove());

  it('ends with a miner whose self-test passes', async () => {
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^OK +job always_on\.test +Completed in/m);
    expect(stderr).toMatch(/ 0 FAIL$/m);
    expect(stdout).toMatch(/^Miner installed successfully$/m);
    expect(await server.run("docker version --format '{{.Server.Version}}'")).toMatch(version);
  }, 900_000);

  it('passes it again in a second run, which leaves all containers alone', async () => {
    const ids = await server.run('docker ps -q --no-trunc');
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/ 0 FAIL$/m);
    expect(stdout).toContain('Password: unchanged');
    expect(await server.run('docker ps -q --no-trunc')).toBe(ids);
  }, 600_000);

  it('gets a validator beside it, which tells what it waits for', async () => {
    await writeOwnLines(server, 'validator', ['FACILITATOR_URI=ws://127.0.0.1:9/ws/v0/']);
    const { code, stdout, stderr } = await server.install('validator', [
      'server',
      hotkey,
      '--offline',
      bundles.of('validator'),
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('It waits for what is wrong above');
    expect(stdout).toMatch(/^Validator installed successfully$/m);
    expect(await server.run('docker port compute_horde_validator-app-1')).toContain('127.0.0.1:80\n');
  }, 900_000);
});
