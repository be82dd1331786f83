// A miner's executor manager whose executors are websockets of another process: tests/load/executors.ts.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** HORDE_LOAD_EXECUTORS: how many there may be, by class. */
export class SocketExecutors {
  #offered = JSON.parse(process.env.HORDE_LOAD_EXECUTORS);
  #socket = connect(process.env.HORDE_LOAD_SOCKET);
  /** @type {Map<string, PromiseWithResolvers<{ code: number }>>} */
  #exits = new Map();
  /** Those that end the waiting: the miner has one. */
  #signals = new Set();

  constructor() {
    createInterface({ input: this.#socket }).on('line', (line) => {
      const { token, code } = JSON.parse(line);
      this.#exits.get(token)?.resolve({ code });
      this.#exits.delete(token);
    });
  }

  async manifest() {
    return this.#offered;
  }

  async start({ token, executorClass, minerAddress }) {
    this.#exits.set(token, Promise.withResolvers());
    this.#say({ op: 'start', token, executorClass, minerAddress });
    return { token };
  }

  async recover({ token }) {
    return this.#exits.has(token) ? 'running' : 'gone';
  }

  async wait({ token }, signal) {
    const exit = this.#exits.get(token);
    if (!exit) return { code: null };
    // One listener for all: a signal looks through its listeners for each new one, and there are thousands.
    if (this.#signals.size === 0)
      signal.addEventListener('abort', () => this.#exits.forEach(({ reject }) => reject(signal.reason)));
    this.#signals.add(signal);
    return exit.promise;
  }

  async stop({ token }) {
    const exited = this.#exits.get(token)?.promise;
    if (!exited) return;
    this.#say({ op: 'stop', token });
    await exited;
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
