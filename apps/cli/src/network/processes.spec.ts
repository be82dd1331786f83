import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { findPort } from './ports.ts';
import { endProcesses, identify, isRunning, processesOfNetwork, whoListens } from './processes.ts';
import { UsageError } from '../usage-error.ts';

const children: ReturnType<typeof spawn>[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** A process that says when it is ready, so that its signal handlers are in place. */
async function start(script: string, environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    process.execPath,
    ['-e', `${script}; console.log('ready'); setInterval(() => {}, 1000)`],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  await once(child.stdout, 'data');
  return identify(child.pid!)!;
}

describe('a process', () => {
  it('is not mistaken for a later one with the same pid', () => {
    const self = identify(process.pid)!;
    expect(isRunning(self)).toBe(true);
    expect(isRunning({ ...self, startTime: String(Number(self.startTime) - 1) })).toBe(false);
  });

  it('that does not stop by itself is ended for good', async () => {
    const [polite, stubborn] = await Promise.all([start(''), start("process.on('SIGTERM', () => {})")]);
    await endProcesses([polite, stubborn], 300);
    expect([isRunning(polite), isRunning(stubborn)]).toEqual([false, false]);
  });

  it('of a network is found by the variable that it carries, and only those', async () => {
    const mine = await start('', { HORDE_NETWORK: 'spec-a' });
    await start('', { HORDE_NETWORK: 'spec-ab' });
    expect(await processesOfNetwork('spec-a')).toEqual([mine]);
  });
});

describe('a port that is taken', () => {
  it('is replaced, and a line says who has it; one that was asked for is refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await whoListens(port)).toMatch(new RegExp(`\\(pid ${process.pid}\\)$`));
    const lines: string[] = [];
    const other = await findPort({ service: 'the miner', port, explicit: false }, (line) => lines.push(line));
    expect(other).not.toBe(port);
    expect(lines).toEqual([
      expect.stringMatching(`^Port ${port} is taken by .+; the miner listens on ${other} instead.$`),
    ]);
    await expect(findPort({ service: 'the miner', port, explicit: true }, () => undefined)).rejects.toThrow(
      UsageError,
    );
    server.close();
  });
});
