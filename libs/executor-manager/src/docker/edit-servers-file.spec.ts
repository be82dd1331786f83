import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { editServersFile, withoutServer, withServer, withSetting } from './edit-servers-file.ts';
import { parseServers, ServersFileError, type ServerSpec } from './servers-file.ts';

const text = `# Ours.
self: { mode: local, executor_class: DEFAULT_EXECUTOR_CLASS } # here

# The first rack.
rack-1: # in Oslo
  mode: ssh
  host: 203.0.113.10
  # may use Docker
  username: ubuntu
  key_path: /root/vendor/key
  executor_class: always_on.llm.a6000 # two of them

  # the second one
rack-2: { mode: ssh, executor_class: always_on.test, host: 203.0.113.11,
  username: ubuntu, key_path: '/root/vendor/key' }
# The end.
`;
const settings = {
  mode: 'ssh',
  executor_class: 'always_on.test',
  host: '203.0.113.12',
  username: 'no',
  key_path: '/root/vendor/key',
};
const names = (of: string) => parseServers(of, 'f', 'always_on.test').map(({ name }) => name);

it('a server is added below all others, and what its settings say is what is read', () => {
  const added = withServer(text, 'rack-3', { ...settings, draining: true });
  expect(added.startsWith(text)).toBe(true);
  expect(parseServers(added, 'f', 'always_on.test').at(-1)).toMatchObject({
    name: 'rack-3',
    ssh: { host: '203.0.113.12', username: 'no' },
    draining: true,
  });
  expect(names(withServer(text.trimEnd(), 'rack-3', settings))).toHaveLength(4);
});

it('a server is taken out with all that is its own; comments of others stay', () => {
  const left = withoutServer(text, 'rack-1');
  expect(names(left)).toEqual(['self', 'rack-2']);
  expect(left).toContain('# The first rack.\n\n  # the second one\nrack-2: {');
  expect(left).not.toContain('Oslo');
  expect(withoutServer(text, 'rack-2')).toBe(text.replace(/rack-2: [^}]*}\n/, ''));
  expect(withoutServer(withServer(text, 'rack-3', settings), 'rack-3')).toBe(text);
});

it.each(['rack-1', 'rack-2'])(
  'one setting of %s is changed, added and taken away where it stands',
  (name) => {
    const drained = withSetting(text, name, 'draining', true);
    expect(parseServers(drained, 'f', 'always_on.test').filter(({ draining }) => draining)).toMatchObject([
      { name },
    ]);
    expect(withSetting(drained, name, 'draining', null)).toBe(text);
    expect(withSetting(text, name, 'draining', null)).toBe(text);
    const changed = withSetting(text, name, 'username', 'yes');
    expect(changed).toBe(
      name === 'rack-1'
        ? text.replace('username: ubuntu\n  key', 'username: "yes"\n  key')
        : text.replace('username: ubuntu, key', 'username: "yes", key'),
    );
  },
);

it.each([
  ['is written in braces as a whole', '{ a: { mode: local, executor_class: always_on.test } }\n'],
  ['ends before its end', 'a: { mode: local, executor_class: always_on.test }\n...\n'],
])('a file that %s is left as it is, with a sentence', async (_, odd) => {
  const file = fileWith(odd);
  await expect(
    editServersFile(
      file,
      'always_on.test',
      (old) => withServer(old, 'b', settings),
      (servers) => servers,
    ),
  ).rejects.toThrow(
    /^\S+ is written in a way that cannot be changed from here: .* Change it by hand; nothing was written\.$/,
  );
  expect(readFileSync(file, 'utf8')).toBe(odd);
});

it('a server that others have their settings from is not taken out', async () => {
  const file = fileWith(
    'a: &a { mode: ssh, executor_class: always_on.test, host: h, username: u, key_path: k }\nb: { <<: *a, host: i }\n',
  );
  await expect(
    editServersFile(
      file,
      'always_on.test',
      (old) => withoutServer(old, 'a'),
      (servers) => servers.slice(1),
    ),
  ).rejects.toThrow(ServersFileError);
});

it('the file is replaced as a whole behind its link, with its rights, and nothing is left beside it', async () => {
  const file = fileWith(text);
  const link = path.join(path.dirname(file), 'link.yaml');
  symlinkSync(file, link);
  const mode = statSync(file).mode;
  const inode = statSync(file).ino;
  const without = (servers: ServerSpec[]) => servers.filter(({ name }) => name !== 'rack-1');
  await editServersFile(link, 'always_on.test', (old) => withoutServer(old, 'rack-1'), without);
  expect(readFileSync(file, 'utf8')).toBe(withoutServer(text, 'rack-1'));
  expect(statSync(file).mode).toBe(mode);
  expect(statSync(file).ino).not.toBe(inode);
  expect(readdirSync(path.dirname(file)).sort()).toEqual(['docker_config.yaml', 'link.yaml']);
});

function fileWith(content: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'edit-servers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'docker_config.yaml');
  writeFileSync(file, content, { mode: 0o640 });
  return file;
}
