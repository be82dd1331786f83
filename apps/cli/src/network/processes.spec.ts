import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { choosePorts } from './ports.ts';
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
    const say = (line: string) => void lines.push(line);
    const any = { port: 0, explicit: false };
    const wishes = { devnet: any, facilitator: any, validator: any };
    const { miner } = await choosePorts({ ...wishes, miner: { port, explicit: false } }, say);
    expect(miner).not.toBe(port);
    expect(lines).toEqual([
      expect.stringMatching(`^Port ${port} is taken by .+; the miner listens on ${miner} instead.$`),
    ]);
    await expect(choosePorts({ ...wishes, miner: { port, explicit: true } }, say)).rejects.toThrow(
      UsageError,
    );
    server.close();
  });

  it('because another service was asked to have it is replaced too, and refused when both were', async () => {
    const any = { port: 0, explicit: false };
    const port = (await choosePorts({ devnet: any, facilitator: any, validator: any, miner: any }, () => {}))
      .miner;
    const lines: string[] = [];
    const wishes = { devnet: any, facilitator: { port, explicit: false }, validator: any };
    const asked = { port, explicit: true };
    const ports = await choosePorts({ ...wishes, miner: asked }, (line) => lines.push(line));
    expect(ports.miner).toBe(port);
    expect(lines).toEqual([
      `Port ${port} is taken by the miner; the facilitator listens on ${ports.facilitator} instead.`,
    ]);
    await expect(choosePorts({ ...wishes, devnet: asked, miner: asked }, () => {})).rejects.toThrow(
      `Port ${port}, asked for the miner, is taken by the devnet.`,
    );
  });
});
