import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { fullRequestHeaders, signatureHeaders, tokenOf } from '../../apps/facilitator/src/testing/user.ts';
import { schemathesisEnvironment } from './environment.ts';

/** It takes minutes, most of them schemathesis's own: `./horde interop` sets this. */
const isAsked = process.env['WHOLE_INTEROP'] === 'yes';
const environment = isAsked ? await schemathesisEnvironment() : { missing: 'It is part of ./horde interop.' };
const missing = 'missing' in environment ? environment.missing : null;
const run = promisify(execFile);
const creation = '/api/v1/job-docker/';

describe.skipIf(missing !== null)(
  `requests as the document of the API allows them${missing ? `: ${missing}` : ''}`,
  () => {
    const validator = Keypair.generate();
    /** What creations were answered. */
    const answers: number[] = [];
    let facilitator: RunningFacilitator;
    let signer: Server;
    let folder: string;

    beforeAll(async () => {
      facilitator = await startFacilitator([validator.address], {
        maxUnfinishedJobs: 0,
        maxCreationsPerMinute: 0,
      });
      await ScriptedValidator.logIn(facilitator.url, validator);
      const token = await tokenOf(facilitator.url, facilitator.user);
      signer = createServer((asked, response) => {
        const passOn = async () => {
          const answer = await passedOn(asked, token);
          const { statusCode, headers } = answer;
          if (asked.method === 'POST' && asked.url!.startsWith(creation)) answers.push(statusCode!);
          response.writeHead(statusCode!, headers);
          answer.pipe(response);
        };
        passOn().catch((error: unknown) => response.destroy(error as Error));
      });
      await new Promise<void>((resolve) => signer.listen(0, '127.0.0.1', resolve));
      folder = mkdtempSync(path.join(os.tmpdir(), 'api-document-'));
    }, 120_000);
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      signer.close();
      await facilitator.stop();
    });

    /** Passes a request on as a user would send it: with the login, for a validator that is there, signed. */
    async function passedOn(asked: IncomingMessage, token: string): Promise<IncomingMessage> {
      const { 'transfer-encoding': _pieces, ...headers } = asked.headers;
      const { method, url = '' } = asked;
      const isCreation = url.startsWith(creation);
      const text = (await buffer(asked)).toString();
      const body = isCreation ? forOurs(text) : text;
      const sign = isCreation ? signatureHeaders : fullRequestHeaders;
      const own = url.startsWith('/api/v1/') && {
        authorization: `Bearer ${token}`,
        ...(body !== '' && signatureOf(() => sign(facilitator.user, body))),
      };
      const passed = {
        ...headers,
        ...own,
        'content-length': Buffer.byteLength(body),
      };
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      request(`${facilitator.url}${url}`, { method, headers: passed }, resolve).on('error', reject).end(body);
      return promise;
    }

    function forOurs(body: string): string {
      try {
        const json = JSON.parse(body) as unknown;
        return typeof json === 'object' && json !== null && 'target_validator_hotkey' in json
          ? JSON.stringify({ ...json, target_validator_hotkey: validator.address })
          : body;
      } catch {
        return body;
      }
    }

    /** Asks what the document allows, or what it does not. */
    async function askAll(mode: 'positive' | 'negative'): Promise<void> {
      const { port } = signer.address() as AddressInfo;
      const { python } = environment as { python: string };
      const checks =
        'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance';
      const words = ['-m', 'schemathesis.cli', 'run', `${facilitator.url}/api/openapi.json`];
      const how = [
        '--phases',
        'fuzzing',
        '--mode',
        mode,
        '--max-examples',
        '15',
        '--seed',
        '7',
        '--no-color',
      ];
      await run(python, [...words, '--url', `http://127.0.0.1:${port}`, '--checks', checks, ...how], {
        cwd: folder,
        maxBuffer: 64 * 1024 * 1024,
      }).catch(({ stdout, message }: Error & { stdout?: string }) => expect.fail(stdout || message));
    }

    it('are answered as it says, never with 5xx, and a third of the creations and more are taken', async () => {
      await askAll('positive');
      expect(answers.filter((status) => status === 201).length).toBeGreaterThan(answers.length / 3);
    }, 300_000);

    it('and as it does not are refused as it says, never with 5xx', () => askAll('negative'), 300_000);
  },
);

/** None where a body cannot be signed. */
function signatureOf(sign: () => Record<string, string>): Record<string, string> {
  try {
    return sign();
  } catch {
    return {};
  }
}
