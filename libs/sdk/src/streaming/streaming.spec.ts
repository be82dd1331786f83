import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { Keypair, verifyRequest } from '@horde/identity';
import { makeCertificate, type Certificate } from '@horde/network';
import { signedFieldsPayload, type SignedFields } from '@horde/protocol';
import {
  eventStream,
  eventText,
  jobText,
  scriptedUuid,
  ScriptedFacilitator,
  statusEntry,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HordeClient, type HordeClientError, type JobSpec } from '../index.ts';

const spec: JobSpec = {
  executorClass: 'always_on.test',
  jobNamespace: 'SN1.0',
  dockerImage: 'a',
  streaming: true,
  downloadTimeLimit: 1,
  executionTimeLimit: 1,
  uploadTimeLimit: 1,
};
const path = `/api/v1/jobs/${scriptedUuid}/`;
const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);

let server: Server;
let serverCertificate: Certificate;
let other: Certificate;
let port: number;
let facilitator: ScriptedFacilitator;
let client: HordeClient;
let options: ConstructorParameters<typeof HordeClient>[0];

beforeAll(async () => {
  [serverCertificate, other] = await Promise.all([makeCertificate([]), makeCertificate([])]);
  const options = { cert: serverCertificate.certificate, key: serverCertificate.key };
  server = createServer(
    { ...options, requestCert: true, rejectUnauthorized: false },
    async (request, response) => {
      const { fingerprint256 } = (request.socket as TLSSocket).getPeerCertificate();
      const said = await text(request);
      response.writeHead(request.url === '/none' ? 204 : 200, { 'x-user': fingerprint256 });
      response.end(request.url === '/none' ? undefined : `${request.method} ${request.url} ${said}`);
    },
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  const hotkey = Keypair.generate();
  options = { facilitatorUrl: facilitator.url, hotkey, validatorHotkey: hotkey.address };
  client = new HordeClient(options);
});
afterEach(async () => {
  client.close();
  await facilitator.stop();
});

const ready = (certificate = serverCertificate) =>
  statusEntry('streaming_ready', {
    streaming_details: {
      streaming_server_cert: certificate.certificate,
      streaming_server_address: '127.0.0.1',
      streaming_server_port: port,
    },
  });

/** A job of this client's, whose next statuses the facilitator tells as these. */
async function jobThat(...entries: object[]) {
  facilitator.on('POST /api/v1/job-docker/', [201, jobText([statusEntry('sent')])]);
  const job = await client.createJob(spec);
  facilitator.on(
    `GET ${path}events/`,
    eventStream(...entries.map((one, id) => eventText(id, 'status', one))),
  );
  return job;
}

describe('a streaming job', () => {
  it('is reached by its user, who shows the certificate that was signed for it', async () => {
    const job = await jobThat(statusEntry('accepted'), ready());
    const place = await job.waitForStreaming({ timeout: 20 });
    const answer = await place.fetch('/page?n=1', { method: 'PUT', body: 'hello', headers: { 'x-a': 'b' } });
    expect([answer.status, await answer.text()]).toEqual([200, 'PUT /page?n=1 hello']);
    const { fingerprint256 } = new X509Certificate(job.certificate!.certificate);
    expect(answer.headers.get('x-user')).toBe(fingerprint256);
    expect((await place.fetch('none')).status).toBe(204);
    expect(place.url).toBe(`https://127.0.0.1:${port}/`);

    const [{ body, headers }] = facilitator.seen as [(typeof facilitator.seen)[0]];
    const sent = JSON.parse(body) as SignedFields;
    expect(sent.streaming_details).toEqual({ public_key: job.certificate!.certificate });
    const payload = signedFieldsPayload({
      ...sent,
      volumes: [],
      uploads: [],
      streaming_details: { ...sent.streaming_details!, executor_ip: null },
    });
    const signed = (name: string) => String(headers[`x-ch-${name}`]);
    expect(
      verifyRequest(signed('signatory'), BigInt(signed('timestamp-ns')), payload, signed('signature')),
    ).toBe(true);
  });

  it('is reached by its user after a restart of the program, too', async () => {
    const { saved } = await jobThat();
    const restarted = new HordeClient(options);
    facilitator.on(`GET ${path}`, [200, jobText([statusEntry('sent'), ready()])]);
    const job = await restarted.resume(JSON.parse(JSON.stringify(saved)) as typeof saved);
    expect((await (await job.waitForStreaming()).fetch('/')).status).toBe(200);
    restarted.close();
  });

  it('that another one answers for is not talked to', async () => {
    const job = await jobThat(ready(other));
    const place = await job.waitForStreaming();
    expect(await thrown(place.fetch('/'))).toMatchObject({
      code: expect.stringMatching(/CERT|SIGNATURE|SSL/),
    });
    expect(place.tls.checkServerIdentity('127.0.0.1', { fingerprint256: 'x' } as never)).toBeInstanceOf(
      Error,
    );
  });

  it('that is no longer wanted is not waited for', async () => {
    const job = await jobThat(ready());
    const place = await job.waitForStreaming();
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    expect(await thrown(place.fetch('/', { signal }))).toBe(signal.reason);
  });

  it('has a certificate of its own, even when several are made at once, and a job that streams nothing has none', async () => {
    const [one, two] = await Promise.all([jobThat(), jobThat()]);
    expect(one.certificate!.certificate).not.toBe(two.certificate!.certificate);
    facilitator.on('POST /api/v1/job-docker/', [201, jobText([statusEntry('sent')])]);
    const plain = await client.createJob({ ...spec, streaming: false });
    expect(plain.certificate).toBeNull();
    expect(facilitator.seen.at(-1)!.body).not.toContain('streaming_details');
    expect(await thrown(plain.waitForStreaming())).toMatchObject({ code: 'NOT_STREAMING' });
  });

  it('that fails before it listens is an error that says why, at once', async () => {
    const failed = statusEntry('failed', {
      job_failure_details: {
        reason: 'timeout',
        stage: 'streaming_startup',
        message: 'It did not listen in time.',
      },
    });
    const job = await jobThat(failed);
    facilitator.answers.set(`GET ${path}events/`, [
      eventStream(eventText(1, 'status', failed), eventText(2, 'end', { status: 'failed' })),
    ]);
    facilitator.on(`GET ${path}`, [200, jobText([statusEntry('sent'), failed])]);
    expect(await thrown(job.waitForStreaming())).toMatchObject({
      code: 'NOT_STREAMING',
      message: `Job ${scriptedUuid} cannot be reached: it is failed: It did not listen in time.`,
    });
  });

  it('that has listened for long is found without its facilitator’s stream, too', async () => {
    facilitator.on('POST /api/v1/job-docker/', [201, jobText([statusEntry('sent')])]);
    const job = await client.createJob(spec);
    const fields = {
      streaming_server_cert: serverCertificate.certificate,
      streaming_server_address: '::1',
      streaming_server_port: port,
    };
    facilitator.on(`GET ${path}`, [200, jobText([statusEntry('streaming_ready')], fields)]);
    expect((await job.waitForStreaming()).url).toBe(`https://[::1]:${port}/`);
  });
});
