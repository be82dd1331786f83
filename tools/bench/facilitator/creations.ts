/** What it costs the facilitator to create signed jobs and pass them on, and to store what their validator says of them. */
import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import type { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { jobBody, signatureHeaders, tokenOf } from '../../../apps/facilitator/src/testing/user.ts';
import type { Figure } from '../figure.ts';
import { Asker } from './asker.ts';
import { BareCreations } from './bare-creations.ts';
import { Load } from './load.ts';

const inFlight = 20;
/** Creations of a round. */
const jobs = 400;
const rounds = { warmingUp: 2, measured: 6 };
/** What a validator says of a job that does well. */
const statuses = ['received', 'accepted', 'completed'];
const metadata = {
  completed: {
    miner_response: {
      docker_process_stdout: 'hi\n',
      docker_process_stderr: '',
      artifacts: {},
      upload_results: {},
    },
  },
};

export async function creationFigures(
  facilitator: FacilitatorProcess,
  databaseUrl: string,
): Promise<Figure[]> {
  const [user, key] = [Keypair.generate(), Keypair.generate()];
  await facilitator.query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  await facilitator.query('insert into validator (hotkey, active) values ($1, true)', key.address);
  const token = await tokenOf(facilitator.url, user);
  const validator = await ScriptedValidator.logIn(facilitator.url, key);
  const bare = await BareCreations.prepare(databaseUrl);
  const processor = () => facilitator.process.processorTime();
  const ownProcessor = async () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000;
  const [created, told, stored] = [new Load(), new Load(), new Load()];
  try {
    for (let round = 0; round < rounds.warmingUp + rounds.measured; round++) {
      if (round === rounds.warmingUp) for (const load of [created, told, stored]) load.reset();
      const requests = Array.from({ length: jobs }, () => creationRequest(user, key.address, token));
      const askers = await Promise.all(
        Array.from({ length: inFlight }, () => Asker.connect(facilitator.url)),
      );
      const uuids: string[] = [];
      await created.measure(processor, async () => {
        await created.run(askers, requests, (asker, request) => asker.ask(request));
        while (uuids.length < jobs) uuids.push((await validator.nextJob()).uuid);
      });
      for (const asker of askers) asker.close();
      await told.measure(processor, () => told.run([validator], uuids, tell));
      await stored.measure(ownProcessor, () => stored.run(askers, requests, () => bare.create()));
    }
    await validator.leave();
  } finally {
    await bare.close();
  }
  const floor = `bare pg with a verification: ${stored.rate.toFixed(0)} a second, ${stored.processorEach.toFixed(2)} ms of processor, p99 ${stored.latency(0.99).toFixed(0)} ms`;
  return [
    {
      name: 'processor for a signed creation',
      value: created.processorEach,
      unit: 'ms',
      bar: 2.5,
      atLeast: false,
      note: `until its validator has it; ${floor}`,
    },
    { name: `creations, ${inFlight} in flight`, value: created.rate, unit: '1/s', bar: 400, atLeast: true },
    { name: 'p99 of them', value: created.latency(0.99), unit: 'ms', bar: 100, atLeast: false },
    {
      name: 'processor for an update of a status',
      value: told.processorEach / statuses.length,
      unit: 'ms',
      bar: null,
      atLeast: false,
      note: `${(told.rate * statuses.length).toFixed(0)} a second`,
    },
  ];
}

/** Tells all of a job that does well. */
async function tell(validator: ScriptedValidator, uuid: string): Promise<void> {
  for (const status of statuses) {
    const details = status === 'completed' ? metadata.completed : null;
    validator.sendText(
      JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata: details }),
    );
  }
  for (const status of statuses) {
    const answer = await validator.nextText();
    if (!answer.includes('"success"')) throw new Error(`The status ${status} is answered: ${answer}`);
  }
}

/** A whole HTTP request that creates a job, as our SDK sends it. */
function creationRequest(user: Keypair, validator: string, token: string): Buffer {
  const body = JSON.stringify(
    jobBody(validator, {
      volumes: [
        {
          volume_type: 'single_file',
          url: `https://example.com/inputs/${randomUUID()}`,
          relative_path: 'input.json',
        },
      ],
      uploads: [
        {
          output_upload_type: 'single_file_put',
          url: `https://example.com/outputs/${randomUUID()}`,
          relative_path: 'output.json',
          signed_headers: null,
        },
      ],
    }),
  );
  const headers = {
    host: 'localhost',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': randomUUID(),
    ...signatureHeaders(user, body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST /api/v1/job-docker/ HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
