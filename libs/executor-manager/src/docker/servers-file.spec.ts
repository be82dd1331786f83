import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseServers, ServersFileError } from './servers-file.ts';

const parse = (text: string) => parseServers(text, 'docker_config.yaml', 'always_on.gpu-24gb');

describe('the operator’s file of servers', () => {
  it('is read as ComputeHorde reads it', () => {
    const text = `
my-server:                       # arbitrary unique name
  executor_class: always_on.llm.a6000
  mode: ssh
  host: "192.0.2.10"
  ssh_port: 2222
  username: ubuntu
  key_path: /root/vendor/key
second:
  executor_class: DEFAULT_EXECUTOR_CLASS
  mode: ssh
  host: fd00::2
  username: ubuntu
  key_path: /root/vendor/key
here:
  executor_class: always_on.llm.a6000
  mode: local
`;
    const ssh = { host: '192.0.2.10', port: 2222, username: 'ubuntu', keyPath: '/root/vendor/key' };
    const rest = {
      executors: 1,
      draining: false,
      minerAddress: null,
      publicAddress: null,
      streamingPorts: null,
      gpus: null,
    };
    expect(parse(text)).toEqual([
      { name: 'my-server', executorClass: 'always_on.llm.a6000', ssh, ...rest },
      {
        name: 'second',
        executorClass: 'always_on.gpu-24gb',
        ssh: { ...ssh, host: 'fd00::2', port: 22 },
        ...rest,
      },
      { name: 'here', executorClass: 'always_on.llm.a6000', ssh: null, ...rest },
    ]);
  });

  it('may say how many executors run there, which ports lead to them, and what they are reached at', () => {
    const text = `big: { mode: local, executor_class: DEFAULT_EXECUTOR_CLASS, executors: 2, streaming_ports: "6000:16000,6001:16001", public_address: gpu.example }`;
    expect(parse(text)).toMatchObject([
      {
        executors: 2,
        publicAddress: 'gpu.example',
        streamingPorts: [{ port: 6000, publicPort: 16000 }, { port: 6001 }],
      },
    ]);
    expect(
      parse('one: { mode: local, executor_class: DEFAULT_EXECUTOR_CLASS, streaming_ports: 6006 }'),
    ).toMatchObject([{ streamingPorts: [{ port: 6006, publicPort: 6006 }] }]);
  });
});

describe('is read as PyYAML reads it', () => {
  const first = `gpu1: &first
  executor_class: always_on.test
  mode: ssh
  host: 192.0.2.1
  ssh_port: 2241
  username: &user root
  key_path: &key /srv/miner/key
`;

  it('with aliases of values', () => {
    const [one, two] = parse(`${first}gpu2:
  executor_class: always_on.test
  mode: ssh
  host: 192.0.2.2
  ssh_port: 2241
  username: *user
  key_path: *key
`);
    expect(two!.ssh).toEqual({ ...one!.ssh, host: '192.0.2.2' });
  });

  it('with merge keys, of one and of several, where a server’s own settings count', () => {
    const [one, two, three, four] = parse(`${first}gpu2:
  <<: *first
  host: 192.0.2.2
gpu3:
  host: 192.0.2.3
  <<: [{ ssh_port: 22 }, *first]
gpu4: *first
`);
    expect(two).toEqual({ ...one, name: 'gpu2', ssh: { ...one!.ssh, host: '192.0.2.2' } });
    expect(three).toEqual({ ...one, name: 'gpu3', ssh: { ...one!.ssh, host: '192.0.2.3', port: 22 } });
    expect(four).toEqual({ ...one, name: 'gpu4' });
  });

  it('in YAML 1.1: numbers with a 0 before them are octal, ~ is nothing', () => {
    const [server] = parse(`${first}  public_address: ~
  executors: 010
`);
    expect(server).toMatchObject({ publicAddress: null, executors: 8 });
  });

  it('but for aliases without end', () => {
    const bomb = ['a: &a0 [x, x]'];
    for (let at = 1; at < 30; at++) bomb.push(`b${at}: &a${at} [*a${at - 1}, *a${at - 1}]`);
    expect(() => parse(bomb.join('\n'))).toThrow(/^docker_config\.yaml cannot be read: .*alias/i);
    expect(() => parse('a: &a\n  <<: *a\n  mode: local\n')).toThrow(ServersFileError);
  });
});

it('a ~ at the start of a key’s path is the home folder', () => {
  const keyOf = (key: string) =>
    parse(`a: {mode: ssh, executor_class: always_on.test, host: h, username: u, key_path: ${key}}`)[0]!.ssh!
      .keyPath;
  expect(keyOf('~/keys/host')).toBe(`${homedir()}/keys/host`);
  expect(keyOf('/srv/~/host')).toBe('/srv/~/host');
});

describe('a mistake in it is told with its line', () => {
  it.each([
    ['a: {mode: ssh', /^docker_config\.yaml, line 1: .*\bmap/i],
    ['a:\n  mode: local\n mode: x\n', /^docker_config\.yaml, line 3: /],
    ['', 'docker_config.yaml names no server: it must look like "my-server: {mode: local, …}".'],
    ['- a\n', 'docker_config.yaml names no server: it must look like "my-server: {mode: local, …}".'],
    ['\na: 5\n', 'docker_config.yaml, line 2: a must have settings, such as "mode: local".'],
    [
      'a:\n  executor_class: DEFAULT_EXECUTOR_CLASS\n',
      'docker_config.yaml, line 2: the mode of a must be ssh or local.',
    ],
    [
      'a:\n  mode: local\n  executor_class: gpu\n',
      /^docker_config\.yaml, line 3: the executor_class of a must be DEFAULT_EXECUTOR_CLASS or one of spin_up/,
    ],
    [
      'a:\n  mode: ssh\n  executor_class: always_on.test\n  host: h\n',
      'docker_config.yaml, line 2: a needs username.\ndocker_config.yaml, line 2: a needs key_path.',
    ],
    [
      'a:\n  mode: local\n  executor_class: always_on.test\n  executors: many\n  hots: x\n',
      'docker_config.yaml, line 5: a has an unknown setting "hots".\n' +
        'docker_config.yaml, line 4: the executors of a must be a whole number from 1 to 1000.',
    ],
    [
      'a:\n  mode: local\n  executor_class: always_on.test\n  streaming_ports: 7-6\n',
      'docker_config.yaml, line 4: the streaming_ports of a: "7-6" ends before it begins.',
    ],
    [
      'a: {mode: local, executor_class: always_on.test}\nb: {mode: local, executor_class: always_on.test}\n',
      'docker_config.yaml: only one server may be local, and a and b are. "executors" runs several on one.',
    ],
    [
      'a: {mode: local, executor_class: always_on.test}\na: {mode: local, executor_class: always_on.test}\n',
      'docker_config.yaml, line 2: Map keys must be unique.',
    ],
  ])('%j', (text, sentence) => {
    const error = (() => {
      try {
        return parse(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ServersFileError);
    if (sentence instanceof RegExp) expect((error as Error).message).toMatch(sentence);
    else expect((error as Error).message).toBe(sentence);
  });
});

describe('GPUs of executors', () => {
  const gpuServer = (more: string, name = 'big') =>
    `${name}: { mode: ssh, executor_class: always_on.llm.a6000, host: h, username: u, key_path: k, ${more} }\n`;
  const uuid = (first: string, kind = 'GPU') => `${kind}-${first.repeat(8)}-0000-0000-0000-000000000000`;

  it.each([
    [
      'equal shares of one list',
      'executors: 4, gpus: [0, 1, 2, 3, 4, 5, 6, 7]',
      ['0,1', '2,3', '4,5', '6,7'],
    ],
    ['a list for each', 'executors: 3, gpus: [[0], [1], [2, 3]]', ['0', '1', '2,3']],
    ['as many executors as lists', 'gpus: [[0, 1], [2, 3]]', ['0,1', '2,3']],
    ['all of them for one', 'gpus: [0, 1]', ['0,1']],
    ['UUIDs', `executors: 2, gpus: [${uuid('a')}, ${uuid('b', 'MIG')}]`, [uuid('a'), uuid('b', 'MIG')]],
  ])('are %s', (_, settings, shares) => {
    const [server] = parse(gpuServer(settings));
    expect(server!.gpus!.map((share) => share.join())).toEqual(shares);
    expect(server!.executors).toBe(shares.length);
  });

  const line = 'docker_config.yaml, line 1: the gpus of big';
  it.each([
    [
      gpuServer('executors: 3, gpus: [0, 1, 2, 3]'),
      `${line} are 4, which 3 executors cannot share equally: name a list for each.`,
    ],
    [gpuServer('executors: 3, gpus: [[0], [1]]'), `${line} are 2 lists for 3 executors: name one for each.`],
    [gpuServer('gpus: [0, 1, 0]'), `${line} name 0 twice.`],
    [gpuServer('gpus: [[0], []]'), `${line} hold a list without a GPU.`],
    [gpuServer('gpus: [0:0, 0:1]'), `${line} hold 0:0: name the parts of a GPU by their UUIDs (MIG-…).`],
    ...['all', '[]', '2', '[[0], 1]', '[-1]', '[1.5]', '[GPU-1]', '[a]', '[{a: 1}]'].map((value) => [
      gpuServer(`gpus: ${value}`),
      `${line} must be a list such as [0, 1, 2, 3], which the executors share equally, or a list for each, ` +
        '[[0, 1], [2, 3]], of indices or UUIDs (GPU-…, MIG-…) as nvidia-smi -L shows them.',
    ]),
    [
      gpuServer('gpus: [0, 1]') + gpuServer('gpus: [1, 2]', 'other'),
      'docker_config.yaml: 1 is among the gpus of more than one of big, other.',
    ],
    [
      gpuServer('gpus: [0, 1]') + gpuServer('executors: 2', 'other'),
      'docker_config.yaml: big names its gpus, and other on the same machine would get all: it needs gpus too.',
    ],
    [
      gpuServer('gpus: [0]') + gpuServer(`gpus: [${uuid('a')}]`, 'other'),
      'docker_config.yaml: the gpus of one machine must be all indices or all UUIDs (big, other).',
    ],
    [
      gpuServer('gpus: [0]').replace('always_on.llm.a6000', 'always_on.test'),
      `${line} are for nothing: always_on.test has none.`,
    ],
  ])('that cannot be so are refused: %s', (text, sentence) => {
    expect(() => parse(text)).toThrow(new ServersFileError(sentence));
  });

  it('of other machines may have the same names', () => {
    const other = gpuServer('gpus: [0]', 'other').replace('host: h', 'host: i');
    expect(parse(gpuServer('gpus: [0]') + other)).toHaveLength(2);
  });
});
