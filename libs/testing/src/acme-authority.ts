import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { globalAgent } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { makeCertificate } from '@horde/network';
import { vi } from 'vitest';
import { freePort } from './free-port.ts';

/** Let's Encrypt's small ACME server for tests: `go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest`. */
const pebble = process.env['PEBBLE'] ?? path.join(os.homedir(), 'go/bin/pebble');
/** Why there is no authority; null: there is one. */
export const missingAuthority = existsSync(pebble) ? null : 'PEBBLE names no pebble';

/** An authority that gives certificates by ACME. All names lead to this machine for it, and this process trusts its HTTPS. */
export class AcmeAuthority {
  private constructor(
    /** Its directory, for ACME_DIRECTORY. */
    readonly directory: string,
    /** At which port it asks the holder of a name, where others ask at 80. */
    readonly asksAt: number,
    private readonly folder: string,
    private readonly names: Server,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<AcmeAuthority> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'acme-'));
    const [port, management, asksAt] = [await freePort(), await freePort(), await freePort()];
    const { certificate, key } = await makeCertificate([]);
    const file = (name: string, text: string) => writeFile(path.join(folder, name), text);
    await Promise.all([file('certificate.pem', certificate), file('key.pem', key)]);
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: path.join(folder, 'certificate.pem'),
      privateKey: path.join(folder, 'key.pem'),
      httpPort: asksAt,
      tlsPort: 1,
      keyAlgorithm: 'ecdsa',
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: 'the only one', validityPeriod: 7_776_000 } },
    };
    await file('config.json', JSON.stringify({ pebble: config }));
    // It asks over TCP, with the length before each message.
    const names = createServer((socket) =>
      socket.on('data', (query) => {
        const answer = answerTo(query.subarray(2));
        socket.write(Buffer.concat([Buffer.from([0, answer.length]), answer]));
      }),
    );
    names.listen(0, '127.0.0.1');
    await once(names, 'listening');
    const dns = `127.0.0.1:${(names.address() as AddressInfo).port}`;
    const authority = spawn(pebble, ['-config', path.join(folder, 'config.json'), '-dnsserver', dns], {
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20' },
      stdio: 'ignore',
    });
    globalAgent.options.ca = certificate;
    await vi.waitFor(() => fetch(`http://127.0.0.1:${port}`), 20_000);
    return new AcmeAuthority(`https://localhost:${port}/dir`, asksAt, folder, names, authority);
  }

  async stop(): Promise<void> {
    this.process.kill();
    this.names.close();
    delete globalAgent.options.ca;
    await rm(this.folder, { recursive: true });
  }
}

/** 127.0.0.1 for whatever name is asked for by A, nothing by other types, RFC 1035 4. */
function answerTo(query: Buffer): Buffer {
  let end = 12;
  while (query[end] !== 0) end += query[end]! + 1;
  const question = query.subarray(12, end + 5);
  const isAddress = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, question, ...(isAddress ? [answer] : [])]);
}
