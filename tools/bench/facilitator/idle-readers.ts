/** A process that opens streams of events and reads them, told how by a line of JSON; says "open" once each has been answered. */
import { Agent, get } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const atOnce = 50;
const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string];
const streams = JSON.parse(line) as { url: string; authorization: string }[];
const agent = new Agent({ maxSockets: Infinity });
const left = streams.values();
await Promise.all(Array.from({ length: atOnce }, openOn));
console.log('open');

async function openOn(): Promise<void> {
  for (const { url, authorization } of left) {
    const request = get(url, { agent, headers: { authorization } });
    const [answer] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`A stream is answered ${answer.statusCode}.`);
    answer.on('close', () => process.exit(1)); // it is to be idle, not to end
    answer.once('data', () => undefined).resume();
    await once(answer, 'data');
  }
}
