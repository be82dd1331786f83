import type Docker from 'dockerode';
import path from 'node:path';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';

/** A streaming job that shows what can go over the wire. */
export const webJob = `
const http = require('node:http');
const { WebSocketServer } = require('/ws');
const server = http.createServer((request, response) => {
  if (request.url === '/health') response.end('fine');
  else if (request.url === '/echo') request.pipe(response);
  else if (request.url === '/end') response.end('bye', () => process.exit(0));
  else if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: one\\n\\n');
    process.once('SIGUSR2', () => response.end('data: two\\n\\n'));
  } else response.end('hello');
});
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (message) => socket.send('echo ' + message));
});
server.listen(8000);
`;

/** Runs a program of Node.js in a container in a streaming job's network, as the container of its job. */
export async function startJob(docker: Docker, network: string, program: string): Promise<Docker.Container> {
  const ws = path.dirname(createRequire(import.meta.url).resolve('ws/package.json'));
  const container = await docker.createContainer({
    Image: await ensureNodeImage(docker),
    Cmd: ['node', '-e', program],
    HostConfig: {
      NetworkMode: network,
      CapDrop: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
      Mounts: [{ Type: 'bind', Source: ws, Target: '/ws', ReadOnly: true }],
    },
  });
  onTestFinished(() => container.remove({ force: true }));
  await container.start();
  return container;
}
