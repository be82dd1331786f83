// A miner's executor manager whose executors are played by another process, which outlives it: noop-executors.ts.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export class NoopManager {
  #socket = connect(process.env.HORDE_FAULTS_SOCKET);
  /** @type {Map<string, PromiseWithResolvers<{ code: number }>>} */
  #exits = new Map();
  /** @type {Map<string, (running: boolean) => void>} */
  #questions = new Map();

  constructor() {
    createInterface({ input: this.#socket }).on('line', (line) => {
      const { token, running, code } = JSON.parse(line);
      if (running === undefined) {
        this.#exits.get(token)?.resolve({ code });
        this.#exits.delete(token);
      } else {
        this.#questions.get(token)?.(running);
        this.#questions.delete(token);
      }
    });
  }

  async manifest() {
    const classes = process.env.HORDE_FAULTS_CLASSES.split(',');
    const each = Math.floor(Number(process.env.HORDE_FAULTS_EXECUTORS) / classes.length);
    return Object.fromEntries(classes.map((name) => [name, each]));
  }

  async start({ token, minerAddress }) {
    this.#exits.set(token, Promise.withResolvers());
    this.#say({ op: 'start', token, minerAddress });
    return { token };
  }

  async recover({ token }) {
    if (this.#exits.has(token)) return 'running';
    const { promise, resolve } = Promise.withResolvers();
    this.#questions.set(token, resolve);
    this.#exits.set(token, Promise.withResolvers());
    this.#say({ op: 'recover', token });
    if (await promise) return 'running';
    this.#exits.delete(token);
    return 'gone';
  }

  async wait({ token }, signal) {
    const exit = this.#exits.get(token);
    if (!exit) return { code: null };
    const aborted = new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    return Promise.race([exit.promise, aborted]);
  }

  async stop({ token }) {
    const exit = this.#exits.get(token) ?? Promise.withResolvers();
    this.#exits.set(token, exit);
    this.#say({ op: 'stop', token });
    await exit.promise;
  }

  async publicAddress() {
    return null;
  }

  async close() {
    this.#socket.end();
  }

  #say(order) {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }
}
