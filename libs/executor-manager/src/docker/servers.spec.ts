import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseStreamingPorts } from '../streaming-ports.ts';
import { Servers } from './servers.ts';

function servers(text: string | null, localPorts = '6000-6999') {
  const folder = mkdtempSync(path.join(tmpdir(), 'servers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'docker_config.yaml');
  const said: string[] = [];
  let age = 1_000;
  const write = (contents: string) => {
    writeFileSync(file, contents);
    utimesSync(file, ++age, age);
  };
  if (text !== null) write(text);
  const options = { defaultClass: 'always_on.test', localPorts: parseStreamingPorts(localPorts) } as const;
  const at = text === null ? null : file;
  return { file, write, said, now: new Servers({ ...options, file: at, log: (one) => said.push(one) }) };
}

const local = (executors: number) =>
  `a: { mode: local, executor_class: always_on.test, executors: ${executors} }`;
const host = (name: string, more: string) =>
  `${name}: { mode: ssh, executor_class: always_on.test, host: h, username: u, key_path: k, ${more} }\n`;

it('without a file there is one executor, on the miner’s own machine', async () => {
  expect(await servers(null).now.now()).toMatchObject([
    { name: 'self', executorClass: 'always_on.test', executors: 1, ssh: null },
  ]);
});

it('a file that is wrong at the start is refused', async () => {
  await expect(servers('a: 1').now.now()).rejects.toThrow('line 1: a must have settings');
});

it('a file that changes is read again; one that has become wrong changes nothing, and is told once', async () => {
  const { now, write, said, file } = servers(local(1));
  const executors = async () => (await now.now()).map((server) => server.executors);
  expect(await executors()).toEqual([1]);
  write(local(2));
  await expect.poll(executors).toEqual([2]);
  write('a: oh');
  await expect.poll(async () => (await executors()) && said.length).toBe(2);
  expect(said[1]).toBe(
    `The servers stay as they were: ${file}, line 1: a must have settings, such as "mode: local".`,
  );
  expect(await executors()).toEqual([2]);
  write(local(3));
  await expect.poll(executors).toEqual([3]);
  expect(said).toHaveLength(3);
});

it('servers of one host share its ports, of which each executor needs one', async () => {
  const ports = async (text: string, localPorts?: string) =>
    (await servers(text, localPorts).now.now()).map(({ machinePorts }) =>
      machinePorts.map(({ port }) => port),
    );
  expect(await ports(host('a', 'executors: 2') + host('b', ''))).toEqual([
    [6006, 6007, 6008],
    [6006, 6007, 6008],
  ]);
  expect(await ports(host('a', 'streaming_ports: 80') + host('b', 'streaming_ports: 81'))).toEqual([
    [80, 81],
    [80, 81],
  ]);
  await expect(ports(local(3), '6000-6001')).rejects.toThrow(
    'The machine of a runs 3 executors, and has only 2 ports for their streaming jobs.',
  );
});
