import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { makeTestImage } from '@horde/testing/test-image';
import { host } from './environment.ts';
import { Link } from './link.ts';

/** How long the engine may take until it answers. @unit ms */
const readyWithin = 60_000;
/** What a request begins with that makes a container. */
const creation = /^POST [^ ]*\/containers\/create/;

/** A Docker engine of the network's own, behind a link. Its containers have no network, and it has none to pull from. */
export class Engine {
  /** Past the link. */
  readonly docker: Docker;
  private child: ChildProcess | null = null;
  private image = Buffer.alloc(0);
  /** The name of the image that jobs are made of. */
  reference = '';

  private constructor(
    private readonly folder: string,
    private readonly socket: string,
    /** From executors to it. */
    readonly link: Link,
  ) {
    this.docker = new Docker({ socketPath: socket });
  }

  /** @throws Error where nobody may start one */
  static async start(folder: string): Promise<Engine> {
    await mkdir(folder);
    const socket = path.join(folder, 'docker.sock');
    const engine = new Engine(folder, socket, await Link.open('executors to engine', socket, false));
    await engine.startAgain();
    const { reference } = await makeTestImage({}, engine.docker);
    engine.reference = reference;
    engine.image = await buffer(await engine.docker.getImage(reference).get());
    return engine;
  }

  /** Where executors find it. */
  get address(): string {
    return `tcp://${host}:${this.link.port}`;
  }

  /** Resolves when it answers. */
  async startAgain(): Promise<void> {
    const log = openSync(path.join(this.folder, 'log'), 'a');
    const options = ['data-root', 'exec-root', 'pidfile'].map(
      (name) => `--${name}=${path.join(this.folder, name)}`,
    );
    // In a namespace of its own: without a bridge it would remove the machine's.
    const words = [
      '--net',
      'dockerd',
      ...options,
      '--bridge=none',
      '--iptables=false',
      `--host=unix://${this.socket}`,
    ];
    this.child = spawn('unshare', words, { stdio: ['ignore', log, log] });
    closeSync(log);
    const until = performance.now() + readyWithin;
    const answers = () =>
      this.docker.ping().then(
        () => true,
        () => false,
      );
    while (!(await answers())) {
      if (this.child.exitCode !== null || performance.now() > until)
        throw new Error(
          `There is no Docker engine, which only root can start: ${path.join(this.folder, 'log')}`,
        );
      await sleep(100);
    }
  }

  /** Ends it, and with it its containers. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** The names of all containers, running or not. */
  async containers(): Promise<string[]> {
    return (await this.docker.listContainers({ all: true })).map(({ Names }) => Names.join());
  }

  /** The next time that a container is made, nobody hears of it. */
  loseAnswerToCreation(): void {
    this.link.loseAnswerTo(creation);
  }

  async removeImage(): Promise<void> {
    await this.docker.getImage(this.reference).remove({ force: true });
  }

  async bringImage(): Promise<void> {
    await this.docker.loadImage(this.image as unknown as string);
  }

  async close(): Promise<void> {
    await this.stop('SIGTERM');
    this.link.close();
    // Each time that it was killed it left a mount of this folder on itself.
    while (spawnSync('umount', [path.join(this.folder, 'data-root')], { stdio: 'ignore' }).status === 0);
  }
}
