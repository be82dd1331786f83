import { once } from 'node:events';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { allowSlowAddresses } from './address-attempts.ts';

/** A server that does not look at its connections until it is told to: a SYN is lost when its queue is full. */
const busyServer = `
  const { workerData, parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0));
  });
`;

it('a name whose other address leads nowhere is reached, however far away the first one is', async () => {
  allowSlowAddresses();
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(busyServer, { eval: true, workerData: gate });
  const open: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    await worker.terminate();
  });
  const [port] = (await once(worker, 'message')) as [number];
  const dial = (lookup?: LookupFunction) => {
    const socket = connect({ host: lookup ? 'name.invalid' : '127.0.0.1', port, lookup });
    socket.on('error', () => {});
    open.push(socket);
    return socket;
  };
  await Promise.all([once(dial(), 'connect'), once(dial(), 'connect')]); // its queue is full
  const far = dial((_host, _options, callback) =>
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 }, // nobody listens there
    ]),
  );
  // Node's own 250 ms are over by then.
  setTimeout(() => {
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
  }, 500);
  await once(far, 'connect');
  expect(far.remoteAddress).toBe('127.0.0.1');
});
