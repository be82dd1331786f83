import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StandInReleases } from './stand-in-releases.ts';
import { UpdatedHost } from './updated-host.ts';

/** A minute or two, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_RUNNER'] !== undefined;
const patience = { timeout: 120_000, interval: 500 };

/** Types a command of the runner on a host, and gives it something to read. */
async function type(host: UpdatedHost, words: string[], given: Buffer | string = '') {
  const child = spawn('docker', ['exec', '-i', host.runner, 'runner', ...words]);
  child.stdin.on('error', () => undefined);
  child.stdin.end(given);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [written, said, code] = await Promise.all([buffer(child.stdout), text(child.stderr), closed]);
  return { code, written, said };
}

describe.runIf(whole)('a service that is handed over from one host to another', () => {
  let releases: StandInReleases;
  let older: UpdatedHost;
  let newer: UpdatedHost;
  let image: string;
  let key: string;
  const names = ['app-1', 'db-1', 'facilitator-runner-1', 'pylon-1'];
  /** Without those that do one thing, and are gone. */
  const services = async (host: UpdatedHost) =>
    (await host.names()).filter((name) => !/^once-|-run-/.test(name));
  const works = (host: UpdatedHost) =>
    vi.waitFor(async () => expect(await host.service()).toMatchObject({ health: 'healthy' }), patience);
  const stands = (host: UpdatedHost, sentence: string) =>
    vi.waitFor(async () => {
      expect(await host.logs()).toContain(sentence);
      expect(await services(host)).not.toContain('app-1');
    }, patience);

  beforeAll(async () => {
    releases = await StandInReleases.make();
    image = await releases.release('good', '1.0.0');
    releases.offer(image, '1.0.0', 1);
    older = await UpdatedHost.make(image);
    await older.compose('up', '--detach');
    await works(older);
    newer = await UpdatedHost.make(image);
  }, 300_000);
  afterAll(async () => {
    await older.remove();
    await newer.remove();
    await releases.remove();
  }, 120_000);

  it('is waited for on the new host, which starts nothing before, whatever starts its runner', async () => {
    await newer.compose('run', '--rm', '-T', 'facilitator-runner', 'take_in', '--key');
    await newer.compose('up', '--detach');
    await stands(newer, 'waits since');
    const { code, written } = await type(newer, ['take_in', '--key']);
    expect(code).toBe(0);
    key = written.toString().trim();
    expect(key).toMatch(/^age1[0-9a-z]{58}$/);
  }, 180_000);

  it('is refused by a host whose service has records, which works on', async () => {
    const { code, said } = await type(older, ['take_in', '--key']);
    expect([code, said]).toEqual([1, expect.stringContaining('There are records of a facilitator')]);
    expect(await services(older)).toEqual(names);
  }, 60_000);

  it('works on where nobody said for whom, and where nothing was handed over', async () => {
    expect((await type(older, ['hand_over'])).code).toBe(2);
    expect((await type(older, ['hand_over', 'age1x'])).code).toBe(2);
    expect((await type(older, ['take_back', older.project])).written.toString()).toContain('not handed over');
    expect(await services(older)).toEqual(names);
  }, 60_000);

  it('ends on the old host, and is not started there any more, whatever starts its runner', async () => {
    const { code, written, said } = await type(older, ['hand_over', key]);
    expect([code, written.toString()], said).toEqual([0, `for ${key}`]);
    expect(await services(older)).toEqual(['facilitator-runner-1']);
    await older.compose('restart', '--timeout', '2');
    await stands(older, 'was handed over to another host');
    await older.compose('down', '--timeout', '2');
    await older.compose('up', '--detach');
    await stands(older, 'was handed over to another host');
    const other = await releases.release('good', '1.1.0');
    releases.offer(other, '1.1.0', 2);
    await expect(older.exec('update')).rejects.toMatchObject({
      stdout: expect.stringContaining('on its way') as string,
    });
    // Once it works again it would update, which nothing is handed over beside.
    releases.offer(image, '1.0.0', 3);
    expect((await type(older, ['take_back'])).code).toBe(2);
    expect((await type(older, ['take_back', 'other'])).code).toBe(2);
    expect(await services(older)).toEqual(['facilitator-runner-1']);
  }, 240_000);

  it('works there again once somebody takes it back, and can be handed over anew', async () => {
    const { code, said } = await type(older, ['take_back', older.project]);
    expect(code, said).toBe(0);
    await works(older);
    await older.compose('restart', '--timeout', '2');
    await works(older);
    const again = await type(older, ['hand_over', key]);
    expect(again.code, again.said).toBe(0);
  }, 240_000);

  it('does not start on the new host where what came was cut off', async () => {
    expect((await type(newer, ['take_in'], 'cut off')).code).toBe(1);
    expect(await services(newer)).not.toContain('app-1');
  }, 120_000);

  it('is given again as often as it is asked for, and starts on the new host with it, whole', async () => {
    const { written } = await type(older, ['hand_over', key]);
    const { code, said, written: answer } = await type(newer, ['take_in'], written);
    expect(code, said).toBe(0);
    expect(answer.toString()).toContain(`restored for ${key}`);
    await works(newer);
    expect((await type(newer, ['take_in'], written)).code).toBe(1);
    expect(await services(older)).toEqual(['facilitator-runner-1']);
  }, 240_000);
});
