import { Keypair } from '@horde/identity';
import { randomness } from '@horde/testing/random';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import {
  jobBody,
  postJson,
  signatureHeaders,
  tokenOf,
  type Answer,
} from '../../apps/facilitator/src/testing/user.ts';
import { mutate } from './mutate.ts';

/** As many as `FUZZ_CREATIONS` says. */
const count = Number(process.env['FUZZ_CREATIONS'] ?? 500);
const seed = 1;
const atOnce = 10;

describe(`${count} signed creations with something wrong in them (seed ${seed})`, () => {
  const validator = Keypair.generate();
  let facilitator: RunningFacilitator;
  let token: string;

  beforeAll(async () => {
    facilitator = await startFacilitator([validator.address], {
      maxUnfinishedJobs: 0,
      maxCreationsPerMinute: 0,
      maxRequestsPerMinute: 0,
    });
    token = await tokenOf(facilitator.url, facilitator.user);
    await ScriptedValidator.logIn(facilitator.url, validator);
  });
  afterAll(() => facilitator.stop());

  const good = JSON.stringify(
    jobBody(validator.address, {
      tag: 'tag',
      streaming_details: { public_key: 'PEM' },
      volumes: [
        { volume_type: 'inline', contents: 'UEs=', relative_path: 'a' },
        { volume_type: 'single_file', url: 'https://a.example/f', relative_path: 'b/c' },
      ],
      uploads: [
        {
          output_upload_type: 'single_file_put',
          url: 'https://b.example/o',
          relative_path: 'o.bin',
          signed_headers: null,
        },
      ],
    }),
  );

  async function create(body: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, body) };
    return postJson(`${facilitator.url}/api/v1/job-docker/`, body, headers);
  }

  it(
    'are taken, or refused with what is wrong by field or in a sentence',
    async () => {
      const random = randomness(seed);
      const odd: string[] = [];
      const statuses = new Map<number, number>();
      for (let done = 0; done < count; done += atOnce) {
        const bodies = Array.from({ length: atOnce }, () => mutate(good, random));
        const answers = await Promise.all(bodies.map(create));
        answers.forEach((answer, at) => {
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          const isOdd =
            answer.status === 201 ? !answer.json.uuid : answer.status !== 400 || !says(answer.json);
          if (isOdd)
            odd.push(`${answer.status} ${answer.text.slice(0, 300)} on ${bodies[at]!.slice(0, 500)}`);
        });
      }
      expect(odd).toEqual([]);
      for (const status of [201, 400]) expect(statuses.get(status)).toBeGreaterThan(count / 20);
    },
    60_000 + count * 50,
  );
});

/** Whether an answer has words: by field, or a sentence. */
function says(json: unknown): boolean {
  if (typeof json === 'string') return json.length > 0;
  return typeof json === 'object' && json !== null && Object.values(json).some(says);
}
