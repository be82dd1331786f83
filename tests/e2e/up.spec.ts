import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { horde, lastJson, leftovers, newDataFolder, removeDataFolder, root } from '@horde/testing/horde';

const bundle = path.join(root, 'apps/cli/dist/main.mjs');

interface Status {
  up: boolean;
  services: { name: string; url: string; running: boolean; pid: number }[];
}

describe('./horde up', () => {
  let data: string;
  const taken = createServer();
  let port: number;

  beforeAll(async () => {
    data = await newDataFolder();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    port = (taken.address() as AddressInfo).port;
  });

  afterAll(async () => {
    taken.close();
    await horde(['down'], data);
    await removeDataFolder(data);
  });

  it('stops with exit code 2 when a port that was asked for is taken, and says by whom', async () => {
    const finished = await horde(['up', '--miner-port', String(port)], data);
    expect(finished.stderr.trim()).toMatch(
      new RegExp(`^Port ${port}, asked for the miner, is taken by .+ \\(pid ${process.pid}\\)\\.$`),
    );
    expect(finished.code).toBe(2);
  }, 60_000);

  it('leaves the network running, once, and `down` ends it and keeps its data', async () => {
    expect((lastJson(await horde(['status', '--json'], data)) as Status).up).toBe(false);
    const started = await horde(['up'], data);
    expect(started, started.stdout + started.stderr).toMatchObject({ code: 0 });
    expect(started.stdout.trim().split('\n').at(-1)).toBe(
      `Next, run jobs on it: (. ${data}/networks/up/env/miner; ./horde run miner self_test)`,
    );
    const status = await horde(['status', '--json'], data);
    expect(status.code).toBe(0);
    const { up, services } = lastJson(status) as Status;
    expect(up).toBe(true);
    expect(services.map(({ name }) => name).toSorted()).toEqual([
      'devnet',
      'facilitator',
      'miner',
      'validator',
    ]);
    for (const { url } of services) {
      expect(started.stdout).toContain(url);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
    }
    expect((await horde(['up'], data)).stdout).toContain('The network is up already.');
    const runs = (command: string) =>
      promisify(execFile)('bash', [
        '-c',
        `. ${data}/networks/up/env/miner; exec ${process.execPath} ${bundle} run miner ${command}`,
      ]);
    expect((await runs('liveness_check')).stdout).toContain(', and so does its database.');
    expect((await runs('fetch_dynamic_config')).stdout).toContain('DYNAMIC_RECEIPT_TRANSFER_ENABLED=true');

    const other = await newDataFolder();
    expect((await horde(['up', '--miner-port', String(port)], other)).code).toBe(2);
    await removeDataFolder(other);
    expect((lastJson(await horde(['status', '--json'], data)) as Status).services).toEqual(services);

    expect(await horde(['down'], data)).toMatchObject({ code: 0 });
    expect((lastJson(await horde(['status', '--json'], data)) as Status).up).toBe(false);
    expect(await leftovers(data)).toEqual(['network folder up']);

    const both = await Promise.all([horde(['up'], data), horde(['up'], data)]);
    const said = both.map(({ stdout, stderr }) => stdout + stderr).toSorted();
    expect(said[0], said.join()).toMatch(/^The network is (being started by another|up already)/);
    expect(said[1]).toContain('The network is up. Logs are in');
    expect((lastJson(await horde(['status', '--json'], data)) as Status).up).toBe(true);
    await horde(['down'], data);
  }, 240_000);
});
