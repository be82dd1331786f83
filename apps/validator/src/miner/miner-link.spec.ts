import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { AcceptJob, make, writeDurableLine, writeFrame } from '@horde/protocol';
import { connect, type Connection, WebSocketRouter } from '@horde/transport';
import { MinerLink } from './miner-link.ts';

let http: Server;
let router: WebSocketRouter;
/** The miner's end. */
let miner: Connection;
let link: MinerLink;

beforeEach(async () => {
  http = createServer();
  router = new WebSocketRouter();
  router.attach(http);
  router.route('/', (connection) => void (miner = connection), { extensions: ['durable-1'] });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const uncommitted = { committed: new Promise<boolean>(() => {}) };
  await connect(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`, {
    attempts: 1,
    extensions: ['durable-1'],
    onOpening: (connection) => {
      const numbered = { onMessage: async () => uncommitted };
      link = new MinerLink(
        connection,
        { onMessage: () => {}, numbered },
        pino({ level: 'silent' }),
        () => {},
      );
    },
  });
});
afterEach(async () => {
  link.terminate();
  await router.close();
  await new Promise((resolve) => http.close(resolve));
});

const say = (job: string) =>
  miner.sendText(`${writeDurableLine('message', job, 1)}\n${writeFrame(make(AcceptJob, { job_uuid: job }))}`);

describe('a durable miner that has said as much as may wait to be committed', () => {
  beforeEach(async () => {
    for (let job = 1; job <= 64; job++) await say(`${job}`);
  });

  it('is heard when it acknowledges', async () => {
    const delivered = link.deliver('own', 'V0JobFinishedReceiptRequest', '{}');
    await miner.sendText(writeDurableLine('ack', 'own', 5));
    expect(await delivered).toBe(true);
  });

  it('is cut off when it says more', async () => {
    await say('65');
    expect(await link.closed).toMatchObject({ code: 1006 });
  });
});
