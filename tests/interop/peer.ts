import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { generations, pythonEnvironment } from './environment.ts';

/** What a Python reader makes of a frame: what it would write, or the class and text of its error. */
export type Verdict = { dump: string } | { error: string; says: string };

/** What asks the published packages. */
const published = ['models', 'pylon', 'signing', 'client', 'miner_client', 'receipt_transfer', 'weights'];

/** A Python process with the packages of one generation, which answers questions about them. */
export class Peer {
  /**
   * @param python of the generation's environment
   * @param modules of peers/, whose operations it has
   */
  static async start(
    python: string,
    modules: readonly string[] = published,
    environment: Record<string, string> = {},
  ): Promise<Peer> {
    const home = await mkdtemp(path.join(os.tmpdir(), 'horde-interop-'));
    const peer = new Peer(python, modules, environment, home);
    // The packages take seconds to import: here, and not at the cost of the first check.
    await peer.ask('ready');
    return peer;
  }

  readonly #child;
  readonly #waiting: { resolve: (result: unknown) => void; reject: (error: Error) => void }[] = [];
  #stderr = '';

  private constructor(
    python: string,
    modules: readonly string[],
    environment: Record<string, string>,
    private readonly home: string,
  ) {
    this.#child = spawn(python, [path.join(import.meta.dirname, 'peers/worker.py'), ...modules], {
      stdio: 'pipe',
      // Importing bittensor writes into HOME; the facilitator it talks to is on this machine.
      env: {
        ...process.env,
        HOME: home,
        NO_PROXY: '127.0.0.1',
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUTF8: '1',
        ...environment,
      },
    });
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString('utf8')));
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as { result?: unknown; error?: string; trace?: string };
      const { resolve, reject } = this.#waiting.shift()!;
      if (answer.error === undefined) resolve(answer.result);
      else reject(new Error(`${answer.error}\n${answer.trace}`));
    });
    this.#child.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(this.#ended());
    });
  }

  /** Asks for one operation of peers/. Answers come in the order of the questions. */
  ask<Result>(operation: string, arguments_: object = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) throw this.#ended();
      this.#waiting.push({ resolve: resolve as (result: unknown) => void, reject });
      this.#child.stdin.write(`${JSON.stringify({ op: operation, ...arguments_ })}\n`);
    });
  }

  #ended(): Error {
    return new Error(`The Python process ended with ${this.#child.exitCode}:\n${this.#stderr}`);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await closed;
    await rm(this.home, { recursive: true, force: true });
  }
}

/** A peer of each generation, in their order; where they cannot be had, none, and why. */
export async function startPeers(): Promise<{ peers: Peer[]; missing: string | null }> {
  const environments = await Promise.all(generations.map(pythonEnvironment));
  const missing = environments.find((environment) => 'missing' in environment)?.missing ?? null;
  if (missing !== null) return { peers: [], missing };
  const pythons = environments.flatMap((environment) =>
    'python' in environment ? [environment.python] : [],
  );
  return { peers: await Promise.all(pythons.map((python) => Peer.start(python))), missing: null };
}
