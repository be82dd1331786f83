import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noNamespaceStatus, unshareCgroup } from './unshare-cgroup.ts';

function program(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-unshare-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'unshare-cgroup');
  writeFileSync(file, unshareCgroup(), { mode: 0o755 });
  return file;
}

const isRoot = process.getuid!() === 0;

describe('the program for cgroup namespaces', () => {
  it.runIf(isRoot)('runs its arguments in a namespace of their own, with the environment', () => {
    const script = 'readlink /proc/self/ns/cgroup; echo "$0 $1 $NAME"';
    const printed = execFileSync(program(), ['/bin/sh', '-c', script, 'a', 'b c'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], NAME: 'value' },
    });
    const [namespace, line] = printed.split('\n');
    expect(namespace).toMatch(/^cgroup:\[\d+\]$/);
    expect(namespace).not.toBe(readlinkSync('/proc/self/ns/cgroup'));
    expect(line).toBe('a b c value');
  });

  it.runIf(isRoot)('ends with 78 where there is no such program', () => {
    expect(spawnSync(program(), ['/nowhere']).status).toBe(78);
  });

  it('ends with 77 where the kernel gives none', () => {
    const file = program();
    execFileSync('chmod', ['755', path.dirname(file)]);
    const { status } = spawnSync(file, ['/bin/true'], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    expect(status).toBe(noNamespaceStatus);
  });

  it('is made for the two processors that executors run on', () => {
    expect(unshareCgroup('arm64').readUInt16LE(18)).toBe(183);
    expect(unshareCgroup('x64').readUInt16LE(18)).toBe(62);
    expect(() => unshareCgroup('ia32')).toThrow('There is no program for a processor of the kind ia32.');
  });
});
