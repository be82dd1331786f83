import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSshServer } from '../testing/ssh-server.ts';
import { KnownHosts } from './known-hosts.ts';
import { SshMachine } from '../docker/machine.ts';
import { SshLink } from './ssh-link.ts';

it('a host that lets in and leaves at once is called ever more slowly', async () => {
  const host = await startSshServer();
  const log = () => undefined;
  const sixth = Promise.withResolvers<void>();
  const logins: number[] = [];
  host.onLogin = (connection) => {
    connection.end();
    if (logins.push(performance.now()) === 6) sixth.resolve();
  };
  const link = new SshLink(
    { host: '127.0.0.1', port: host.port, username: 'u', keyPath: host.keyPath },
    {
      log,
      knownHosts: new KnownHosts({ file: path.join(host.folder, 'known_hosts'), pin: true }, log),
      firstPause: 100,
    },
  );
  onTestFinished(() => {
    link.close();
    host.close();
  });
  await sixth.promise;
  // The fifth pause is 1600 ms, of which at least a half is kept.
  expect(logins[5]! - logins[4]!).toBeGreaterThan(799);
});

it('a host that is reached, lost, and given up some time later is told of at once', async () => {
  const host = await startSshServer();
  const log = () => undefined;
  const told: string[] = [];
  let next = Promise.withResolvers<void>();
  let connection: { end(): void } | undefined;
  host.onLogin = (opened) => void (connection = opened);
  const machine = new SshMachine(
    { host: '127.0.0.1', port: host.port, username: 'u', keyPath: host.keyPath },
    {
      log,
      knownHosts: new KnownHosts({ file: path.join(host.folder, 'known_hosts'), pin: true }, log),
      firstPause: 60_000,
      awayAfter: 100,
      changed: () => {
        told.push('changed');
        next.resolve();
      },
    },
  );
  onTestFinished(() => {
    machine.close();
    host.close();
  });
  for (const step of ['reached', 'lost', 'given up']) {
    await next.promise;
    next = Promise.withResolvers();
    if (step === 'reached') connection!.end();
  }
  expect(await machine.inReach()).toBe(false);
  expect(told).toHaveLength(3);
});
