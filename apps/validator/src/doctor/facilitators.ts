import { fail, ok, type Finding } from '@horde/commands';
import { reasonOf } from '@horde/network';

/** How long a facilitator may take to answer. @unit ms */
const patience = 5_000;

/** Looks whether somebody answers where jobs come from: whatever a web server answers to a request that is no websocket. */
export function checkFacilitators(uris: string[]): Promise<Finding[]> {
  return Promise.all(
    uris.map(async (uri) => {
      const check = 'facilitator';
      try {
        const options = { redirect: 'manual', signal: AbortSignal.timeout(patience) } as const;
        const response = await fetch(uri.replace(/^ws/, 'http'), options);
        await response.body?.cancel();
        return ok(check, `${uri} answers.`);
      } catch (error) {
        const fix = 'Set FACILITATOR_URI to where the facilitator is, and let this machine reach it.';
        return fail(check, `${uri} does not answer: ${reasonOf(error)}.`, fix);
      }
    }),
  );
}
