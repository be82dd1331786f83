import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is sent of a body while it is held, and in how many pieces, ten a second. */
const held = { share: 0.75, pieces: 24 };

/** Sends an answer's body: at once, or slowly and not to its end while `hold` lasts. */
export async function sendHeld(
  response: ServerResponse,
  body: Buffer,
  hold: Promise<void> | null,
): Promise<void> {
  if (!hold) return void response.end(body);
  const released = hold.then(() => true);
  let at = 0;
  for (let piece = 1; piece <= held.pieces; piece++) {
    const to = Math.floor((body.length * held.share * piece) / held.pieces);
    response.write(body.subarray(at, to));
    at = to;
    if (await Promise.race([released, sleep(100, false)])) break;
  }
  await hold;
  response.end(body.subarray(at));
}
