import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { StreamingUser } from '@horde/commands';

/**
 * Asks a streaming job, as its user does.
 *
 * @param ca the job's own certificate, PEM
 * @param user {}: nobody
 * @returns status and body: `200 hello`
 */
export async function ask(url: string, ca: string, user: Partial<StreamingUser>): Promise<string> {
  const asked = request(url, { ca, ...user, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  return `${response.statusCode} ${await text(response)}`;
}
