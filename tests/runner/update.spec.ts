import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { NewestEngineSocket } from './newest-engine-socket.ts';
import { StandInReleases, type Behaviour } from './stand-in-releases.ts';
import { UpdatedHost } from './updated-host.ts';

/** Some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_RUNNER'] !== undefined;

const docker = new Docker();
const patience = { timeout: 240_000, interval: 500 };

describe.runIf(whole)('a runner that is updated', () => {
  let releases: StandInReleases;
  let first: string;
  let host: UpdatedHost;
  /** Goes up, as a channel's does. */
  let number = 0;

  beforeAll(async () => {
    releases = await StandInReleases.make();
    first = await releases.release('good', '1.0.0');
  }, 300_000);
  afterAll(() => releases.remove(), 120_000);

  beforeEach(async () => {
    releases.offer(first, '1.0.0', ++number);
    host = await UpdatedHost.make(first);
    await host.compose('up', '--detach');
    await runs('1.0.0');
  }, 300_000);
  afterEach(() => host.remove(), 120_000);

  const runs = (version: string) =>
    vi.waitFor(async () => expect(await host.service()).toEqual({ version, health: 'healthy' }), patience);
  const isOver = () =>
    vi.waitFor(
      async () => expect(await host.names()).toEqual(['app-1', 'db-1', 'facilitator-runner-1', 'pylon-1']),
      patience,
    );
  const offer = async (behaviour: Behaviour, version: string) => {
    const id = await releases.release(behaviour, version);
    releases.offer(id, version, ++number);
    return id;
  };

  it('has the new release, whatever ends its update in between, and whoever', async () => {
    const id = await offer('contracts', '1.1.0');
    const ended = new Set<string>();
    const update = docker.getContainer(`${host.project}-update-1`);
    await vi.waitFor(
      async () => {
        const said = await host.logs(`${host.project}-update-1`).catch(() => '');
        const stage = said.match(/(Fetching|Making|Switching|Watching|Keeping)(?= |:)/g)?.at(-1);
        if (stage !== undefined && !ended.has(stage)) {
          await update.kill().catch(() => undefined);
          ended.add(stage);
        }
        expect(await host.service()).toEqual({ version: '1.1.0', health: 'healthy' });
      },
      { ...patience, interval: 20 },
    );
    await isOver();
    expect([...ended]).toEqual(expect.arrayContaining(['Making', 'Watching']));
    expect(await host.inspect(host.runner)).toMatchObject({
      Image: id,
      HostConfig: { RestartPolicy: { Name: 'unless-stopped' } },
    });
    // By its id: it was not fetched from a registry.
    expect(await host.env()).toMatch(new RegExp(`\nRUNNER_IMAGE="${id}"\nAFTER=as it was\n$`));
    expect(await host.state()).toMatchObject({
      current: { id, version: '1.1.0', number },
      before: { id: first, version: '1.0.0' },
      update: null,
      refused: [],
    });
    expect(await host.inVolume('backups', 'ls', '/it')).toMatch(/^before-\d+-.*\.age\n(.*\n)*key\n$/);
    expect(await host.exec('status')).toContain(`Release 1.1.0, number ${number}, runs here.`);
    await host.compose('down', '--timeout', '2');
    await host.compose('up', '--detach');
    await runs('1.1.0');
  }, 400_000);

  it.each<[behaviour: Behaviour, version: string, why: RegExp]>([
    ['never ready', '1.2.0', /did not get ready within 60 s. A peer is missing./],
    ['ends', '1.3.0', /(has ended after it was ready|ends again and again)/],
    ['fails to migrate', '1.4.0', /Its tables could not be made. .*there is a word too much/],
  ])(
    'is back at the release before where the new one %s, and does not try it again',
    async (behaviour, version, why) => {
      await offer(behaviour, version);
      await vi.waitFor(async () => {
        const { refused } = await host.state<{ refused: object[] }>();
        expect(refused).toEqual([
          expect.objectContaining({ number, version, why: expect.stringMatching(why) as string }),
        ]);
      }, patience);
      await isOver();
      await runs('1.0.0');
      expect(await host.inspect(host.runner)).toMatchObject({ Image: first });
      expect(await host.env()).toContain(`RUNNER_IMAGE="${first}"\n`);
      await vi.waitFor(async () => expect(await host.logs()).toContain('was tried at'), patience);
      expect(await host.exec('status')).toMatch(/refused .*number \d+, at/);
      // Its service tells an operator.
      const note = () => host.inVolume('notes', 'cat', '/it/note');
      const told = expect.stringMatching(
        `^Release ${version}, number ${number}, was refused at .*${why.source}`,
      );
      await vi.waitFor(async () => expect(await note()).toEqual(told), patience);
      // A newer one is.
      releases.offer(first, '1.0.0', ++number);
      await vi.waitFor(
        async () => expect(await host.logs()).toContain(`number ${number} of stable, is the newest`),
        patience,
      );
      await vi.waitFor(async () => expect(await note()).toBe(''), patience);
    },
    400_000,
  );

  it('waits for its share, its window and hold, and not for them where the operator says update', async () => {
    await host.set({ UPDATE_HOLD: '1' });
    const id = await offer('good', '1.5.0');
    await vi.waitFor(async () => expect(await host.logs()).toContain('waits. UPDATE_HOLD is set'), patience);
    await expect(host.exec('update')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('UPDATE_HOLD') as string,
    });
    releases.offer(id, '1.5.0', ++number, { share: 0 });
    await host.set({ UPDATE_HOLD: '0' });
    await vi.waitFor(
      async () => expect(await host.logs()).toContain('It is for 0 % of the installs'),
      patience,
    );
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    const window = `${inHours(2)}-${inHours(3)}`;
    await host.set({ UPDATE_WINDOW: window });
    releases.offer(id, '1.5.0', ++number);
    await vi.waitFor(
      async () => expect(await host.logs()).toContain(`UPDATE_WINDOW is ${window}, and it is `),
      patience,
    );
    expect(await host.service()).toEqual({ version: '1.0.0', health: 'healthy' });
    await host.exec('update');
    await runs('1.5.0');
    await isOver();
    await host.set({ UPDATE_WINDOW: '' });
    expect(await host.state()).toMatchObject({ current: { id, number }, refused: [] });
  }, 400_000);

  it('is replaced by what ran here where somebody else has put another image in its place', async () => {
    const strange = await releases.release('good', '9.9.9');
    await host.set({ RUNNER_IMAGE: strange });
    await host.compose('up', '--detach', '--no-start');
    await host.set({ RUNNER_IMAGE: first });
    await host.compose('start');
    await vi.waitFor(
      async () => expect(await host.inspect(host.runner)).toMatchObject({ Image: first }),
      patience,
    );
    await isOver();
    await runs('1.0.0');
  }, 400_000);

  it('has the new release on an engine that refuses what speaks an API below 1.44, as Docker 29 does', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-newest-'));
    const socket = await NewestEngineSocket.open(folder);
    const usual = host;
    try {
      host = await UpdatedHost.make(first, {}, socket.file);
      await host.compose('up', '--detach');
      await runs('1.0.0');
      await offer('good', '1.6.0');
      await runs('1.6.0');
      await isOver();
      expect(await host.exec('status')).toContain('1.6.0');
      expect(socket.refused).toEqual([]);
      const old = http.request({ socketPath: socket.file, path: '/v1.43/info' }).end();
      const [answer] = (await once(old, 'response')) as [http.IncomingMessage];
      expect(answer.resume().statusCode).toBe(400);
    } finally {
      await host.remove();
      host = usual;
      socket.close();
      await rm(folder, { recursive: true });
    }
  }, 400_000);
});
