import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSshServer } from '../testing/ssh-server.ts';
import { KnownHosts } from './known-hosts.ts';
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
