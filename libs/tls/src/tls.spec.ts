import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { makeCertificate, type Certificate } from '@horde/network';
import { createLogger, HealthModule } from '@horde/operations';
import type { Request } from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { TlsModule } from './tls.module.ts';
import { TlsPort } from './tls-port.ts';

@Controller()
class HelloController {
  @Get('hello')
  hello(@Req() { socket }: Request): string {
    return 'encrypted' in socket ? 'encrypted' : 'in the clear';
  }
}

async function folderWith(pair: Certificate) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tls-spec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [certificateFile, keyFile] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];
  const write = async (file: string, content: string) => {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  };
  await write(certificateFile, pair.certificate);
  await write(keyFile, pair.key);
  return {
    certificateFile,
    keyFile,
    certificate: (content: string) => write(certificateFile, content),
    key: (content: string) => write(keyFile, content),
  };
}

async function start(certificateFile: string, keyFile: string) {
  const log: Record<string, unknown>[] = [];
  const logger = createLogger('service', { write: (line) => void log.push(JSON.parse(line) as never) });
  const settings = {
    host: '127.0.0.1',
    tlsPort: 0,
    tlsCertificate: certificateFile,
    tlsKey: keyFile,
    acmeDomains: [],
    acmeDirectory: '',
  };
  @Module({
    imports: [HealthModule.forRoot(), TlsModule.forRoot(settings, logger)],
    controllers: [HelloController],
  })
  class Service {}
  const app = await NestFactory.create(Service, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  const sockets = new WebSocketServer({ server: app.getHttpServer() as Server, path: '/socket' });
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)));
  await app.listen(0, '127.0.0.1');
  const { port } = app.get(TlsPort, { strict: false }).address as AddressInfo;
  return { app, log, port, health: `${await app.getUrl()}/health/ready` };
}

/** @param ca the one certificate that is trusted. @returns what was answered, and which connection it came over */
async function ask(port: number, ca: string, agent: Agent | false = false) {
  const asked = request(`https://localhost:${port}/hello`, { ca, agent, family: 4 });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { socket: TLSSocket }];
  const { localPort } = response.socket;
  return { said: await text(response), localPort };
}

const [one, other] = await Promise.all([makeCertificate([]), makeCertificate([])]);

it('a service is served encrypted with its own certificate, its websockets too, and in the clear as before', async () => {
  const files = await folderWith(one);
  const { app, port, health } = await start(files.certificateFile, files.keyFile);
  expect((await ask(port, one.certificate)).said).toBe('encrypted');
  await expect(ask(port, other.certificate)).rejects.toThrow(/self-signed certificate/);
  expect(await (await fetch(`${await app.getUrl()}/hello`)).text()).toBe('in the clear');
  const socket = new WebSocket(`wss://localhost:${port}/socket`, { ca: one.certificate });
  await once(socket, 'open');
  socket.send('heard');
  expect(String((await once(socket, 'message'))[0])).toBe('heard');
  socket.close();
  expect(await (await fetch(health)).text()).toContain('The certificate is good until');
});

it('another certificate is taken up without a restart, once its key is there, too, and connections stay', async () => {
  const files = await folderWith(one);
  const { port, log } = await start(files.certificateFile, files.keyFile);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const before = await ask(port, one.certificate, agent);
  await files.certificate(other.certificate);
  const complaints = () => log.filter(({ level }) => level === 'warn');
  await expect.poll(complaints).toMatchObject([{ msg: expect.stringMatching(/stays in use: .*mismatch/) }]);
  expect(await ask(port, one.certificate)).toMatchObject({ said: 'encrypted' });
  await files.key(other.key);
  await expect.poll(() => ask(port, other.certificate).catch(String)).toMatchObject({ said: 'encrypted' });
  expect(await ask(port, one.certificate, agent)).toEqual(before);
  expect(complaints()).toHaveLength(1);
});

it('a service whose certificate cannot be used does not start, and says why', async () => {
  const files = await folderWith({ certificate: one.certificate, key: other.key });
  await expect(start(files.certificateFile, files.keyFile)).rejects.toThrow(
    /cannot be used together: .*mismatch/,
  );
  await expect(start('/nowhere.pem', files.keyFile)).rejects.toThrow('/nowhere.pem cannot be read');
});
