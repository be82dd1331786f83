import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  containersOf,
  horde,
  lastJson,
  leftovers,
  newDataFolder,
  removeDataFolder,
  startHorde,
} from '@horde/testing/horde';

let data: string;
beforeEach(async () => {
  data = await newDataFolder();
});
afterEach(() => removeDataFolder(data));

/** The network that a demo has begun to start; none yet: undefined. */
const networkOf = async (): Promise<string | undefined> =>
  (await readdir(path.join(data, 'networks')).catch(() => []))[0];

const whole = process.env['WHOLE_DEMO'] !== undefined;
/** Before the executor works: of `./horde test --all`. */
const early = [
  ['while Postgres starts', /^folder/],
  ['while the services start', /^devnet/],
  ['while the job is on its way', /^ +received/],
] as const;

describe('Ctrl-C', () => {
  it.each([...(whole ? early : []), ['while the executor works', /^ +executor_ready/] as const])(
    '%s leaves nothing behind',
    async (_when, line) => {
      const demo = startHorde(['demo'], data);
      await demo.line(line);
      const network = await networkOf();
      demo.child.kill('SIGINT');
      const finished = await demo.finished;
      expect(finished, finished.stdout + finished.stderr).toMatchObject({ code: 130 });
      expect(await leftovers(data)).toEqual([]);
      if (network) expect(await containersOf(network)).toEqual([]);
    },
    60_000,
  );
});

it('a service that ends by itself ends the demo, which says so and leaves nothing behind', async () => {
  const demo = startHorde(['demo', '--json'], data);
  await demo.line(/^ +received/);
  const id = (await networkOf())!;
  const { services } = JSON.parse(
    await readFile(path.join(data, 'networks', id, 'network.json'), 'utf8'),
  ) as {
    services: { name: string; process: { pid: number } }[];
  };
  process.kill(services.find(({ name }) => name === 'validator')!.process.pid, 'SIGKILL');
  const finished = await demo.finished;
  expect(finished, finished.stdout + finished.stderr).toMatchObject({ code: 1 });
  expect(finished.stderr).toContain('The validator is gone: it ended with SIGKILL.');
  expect(lastJson(finished)).toMatchObject({ verified: false });
  expect(await leftovers(data)).toEqual([]);
  expect(await containersOf(id)).toEqual([]);
}, 120_000);

it('an engine that does not answer is said, and what had been started meanwhile is gone', async () => {
  const finished = await horde(['demo', '--json'], data, { DOCKER_HOST: 'unix:///nowhere.sock' });
  expect(finished.stderr).toContain('/nowhere.sock');
  expect(finished.code).toBe(1);
  expect(lastJson(finished)).toMatchObject({ verified: false });
  expect(await leftovers(data)).toEqual([]);
}, 120_000);

it('a terminal that is closed is like Ctrl-C', async () => {
  const demo = startHorde(['demo'], data);
  await demo.line(/^devnet/);
  demo.child.stdout!.destroy();
  demo.child.stderr!.destroy();
  demo.child.kill('SIGHUP');
  expect((await demo.finished).code).toBe(130);
  expect(await leftovers(data)).toEqual([]);
}, 60_000);
