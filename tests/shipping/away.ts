import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks. @unit ms */
const pause = 50;
/** How long looks that are not answered yet are waited for at the end. @unit ms */
const last = 1_000;
/** One look from outside. Rejects where the service is not there for it. */
export type Look = () => Promise<void>;

/** Looks at a service again and again, whether or not the looks before have been answered. */
export class Watched {
  private readonly answered: { began: number; ended: number }[] = [];
  private readonly open = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(look: Look) {
    this.timer = setInterval(() => {
      const began = performance.now();
      const one = look().then(
        () => void this.answered.push({ began, ended: performance.now() }),
        () => undefined,
      );
      this.open.add(one);
      void one.then(() => this.open.delete(one));
    }, pause);
  }

  /**
   * Ends it, once a look is answered that begins from now on.
   *
   * @returns the longest time without an answer: from the beginning of a look that got one to the end of the next that did
   */
  async longestAway(): Promise<number> {
    const now = performance.now();
    while (!this.answered.some(({ began }) => began > now)) await sleep(pause);
    clearInterval(this.timer);
    await Promise.race([Promise.all(this.open), sleep(last)]);
    const looks = this.answered.toSorted((one, other) => one.began - other.began);
    return Math.max(...looks.slice(1).map(({ ended }, before) => ended - looks[before]!.began));
  }
}

/** Asks for a page on a connection of its own; the service is there when it answers with 200. */
export const page =
  (url: string): Look =>
  async () => {
    const request = http.get(url, { agent: false, timeout: 5_000 });
    request.once('timeout', () => request.destroy(new Error(`${url} does not answer.`)));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 200) throw new Error(`${url} answers with ${response.statusCode}.`);
  };
