import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstExample } from './readme-example.ts';
import { UsedNetwork, type Status } from './used-network.ts';
import { OtlpReceiver } from '@horde/testing/otlp-receiver';
import { PanelClient } from '@horde/testing/panel-client';
import { horde, lastJson, leftovers, newDataFolder, removeDataFolder, root } from '@horde/testing/horde';

const bundle = path.join(root, 'apps/cli/dist/main.mjs');

/** Half a minute of two processors more, with `./horde test --all`. */
const whole = process.env['WHOLE_DEMO'] !== undefined;

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
    const [, line] = /^Next, run a job on it: \.\/horde (.+)$/m.exec(
      started.stdout.trim().split('\n').at(-1)!,
    )!;
    const counted = await promisify(execFile)('bash', ['-c', `${process.execPath} ${bundle} ${line}`], {
      env: { ...process.env, HORDE_ROOT: root, HORDE_DATA: data, XDG_CONFIG_HOME: data },
    });
    const { command, printed, told } = await firstExample();
    expect(`./horde ${line}`).toBe(command);
    expect(counted.stdout).toMatch(printed);
    expect(counted.stderr.replace(/^ {11}.*\n/gm, '')).toMatch(told);
    const tried = await promisify(execFile)(
      'bash',
      ['-c', `${process.execPath} ${bundle} ${line!.replace('jobs run', 'jobs run --dry-run')}`],
      { env: { ...process.env, HORDE_ROOT: root, HORDE_DATA: data, XDG_CONFIG_HOME: data } },
    );
    expect(tried.stdout).toMatch(/^It could run now\. 1 of 1 miners with /);
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
    const [, name = '', password = ''] = /account (\S+), password (\S+),/.exec(started.stdout) ?? [];
    const panels = [...started.stdout.matchAll(/(\S+\/admin\/) \(the (\w+)'s\)/g)];
    expect(panels.map(([, , service]) => service).toSorted()).toEqual(['facilitator', 'miner', 'validator']);
    for (const [, url, service] of panels) {
      const client = await PanelClient.logIn(url!.replace('/admin/', ''), name, password);
      const page = await fetch(url!, { headers: client.headers });
      expect(await page.text()).toContain('/admin/assets/panel-');
      expect(Object.keys((await client.get('session')).json.other_panels)).toHaveLength(2);
      if (service !== 'miner') continue;
      expect((await client.change('POST', 'checks/doctor')).status).toBe(202);
      const doctor = async () => (await client.get('checks')).json.results[1].state;
      await expect.poll(doctor, { timeout: 60_000 }).toBe('good');
    }
    const runs = (command: string) => horde(['run', 'miner', command], data);
    expect((await runs('liveness_check')).stdout).toContain(', and so does its database.');
    expect((await runs('fetch_dynamic_config')).stdout).toContain('DYNAMIC_RECEIPT_TRANSFER_ENABLED=true');

    const archive = path.join(data, 'support.tar.gz');
    expect(await horde(['support-bundle', '--output', archive], data)).toMatchObject({ code: 0, stderr: '' });
    const tar = async (...words: string[]) =>
      (await promisify(execFile)('tar', [...words, archive], { maxBuffer: 2 ** 28 })).stdout;
    const names = await tar('-tzf');
    for (const file of ['network', 'validator/doctor', 'miner/metrics', 'facilitator/log-2-devnet.log'])
      expect(names).toContain(`/${file}.txt\n`);
    const bundled = await tar('-xzOf');
    expect(bundled).toContain('/metrics answers 200:');
    for (const finding of [
      /facilitator +ws:.* answers/,
      /validators +1 of 1 are connected/,
      /registration +/,
    ])
      expect(bundled).toMatch(new RegExp(`^OK +${finding.source}`, 'm'));
    const secrets = await readFile(path.join(data, 'networks/up/env/facilitator'), 'utf8');
    for (const name of ['DATABASE_URL', 'SECRET_KEY', 'METRICS_TOKEN'])
      expect(bundled).not.toContain(new RegExp(`^export ${name}='(.*)'$`, 'm').exec(secrets)![1]!);

    const other = await newDataFolder();
    expect((await horde(['up', '--miner-port', String(port)], other)).code).toBe(2);
    await removeDataFolder(other);
    expect((lastJson(await horde(['status', '--json'], data)) as Status).services).toEqual(services);

    expect(await horde(['down'], data)).toMatchObject({ code: 0 });
    expect((lastJson(await horde(['status', '--json'], data)) as Status).up).toBe(false);
    expect(await leftovers(data)).toEqual(['network folder up']);
  }, 240_000);

  it.runIf(whole)(
    'starts once for two who start it at the same time, on the data that is there, and serves whatever ends on the way',
    async () => {
      const collector = await OtlpReceiver.start();
      const up = () => horde(['up'], data, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
      const both = await Promise.all([up(), up()]);
      const said = both.map(({ stdout, stderr }) => stdout + stderr).toSorted();
      expect(said[0], said.join()).toMatch(/^The network is (being started by another|up already)/);
      expect(said[1]).toContain('The network is up. Logs are in');
      const network = await UsedNetwork.open(data);
      await network.counts();
      await network.tellsProgress();
      await network.describesMachine();
      await network.isTraced(collector);
      await network.losesExecutor();
      await network.loadsTracingWhereAsked();
      await network.close();
      await collector.stop();
      expect(await horde(['down'], data)).toMatchObject({ code: 0 });
    },
    240_000,
  );
});
