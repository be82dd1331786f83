import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateSshKey } from '../ssh/ssh-key.ts';
import ssh2, { type Connection } from 'ssh2';

/** An SSH server of this process that lets everybody in, and the files that a client of it needs. */
export interface SshServer {
  /** A folder of its own. */
  folder: string;
  port: number;
  /** The client's private key. */
  keyPath: string;
  /** How many connections were let in. */
  logins: number;
  /** What is done with each of them. */
  onLogin: (connection: Connection) => void;
  /** Where its Docker engine listens; null: it does not run. */
  engine: string | null;
  /** What a shell command prints there; null: none is run. */
  prints: string | null;
  close(): void;
}

/** The connections of clients end with the process, or as they do themselves. */
export async function startSshServer(): Promise<SshServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ssh-server-'));
  const keyPath = path.join(folder, 'key');
  writeFileSync(keyPath, (await generateSshKey()).private, { mode: 0o600 });
  const hostKeys = [(await generateSshKey()).private];
  const server = new ssh2.Server({ hostKeys }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('openssh.streamlocal', (accept, reject) => {
      if (ssh.engine === null) return reject();
      const channel = accept();
      const engine = net.connect(ssh.engine);
      engine.on('error', () => channel.destroy());
      channel.pipe(engine).pipe(channel);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, rejectExec) => {
        if (ssh.prints === null) return rejectExec();
        const channel = acceptExec();
        channel.write(ssh.prints);
        channel.exit(0);
        channel.end();
      });
    });
    connection.on('ready', () => {
      ssh.logins++;
      ssh.onLogin(connection);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ssh: SshServer = {
    folder,
    port: (server.address() as AddressInfo).port,
    keyPath,
    logins: 0,
    onLogin: () => undefined,
    engine: null,
    prints: null,
    close: () => {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
  return ssh;
}
