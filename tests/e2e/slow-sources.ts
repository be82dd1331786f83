import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendHeld } from '@horde/testing/send-held';
import Docker from 'dockerode';
import { TestRegistry } from '../../libs/job-runner/src/testing/registry.ts';

/** A registry with an image, and a web server with a file: each comes slowly, and not whole, until it is released. */
export class SlowSources {
  readonly file = Buffer.alloc(2 ** 20, 'x');
  private readonly image = Promise.withResolvers<void>();
  private readonly rest = Promise.withResolvers<void>();
  private readonly server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': this.file.length });
    void sendHeld(response, this.file, this.rest.promise);
  });

  private constructor(
    private readonly registry: TestRegistry,
    /** The registry's name in image references. */
    readonly host: string,
  ) {
    registry.hold = this.image.promise;
  }

  static async open(): Promise<SlowSources> {
    const registry = new TestRegistry(randomUUID(), await readFile('/bin/busybox'));
    const sources = new SlowSources(registry, await registry.start());
    sources.server.listen(0, '127.0.0.1');
    await once(sources.server, 'listening');
    return sources;
  }

  /** It has `/busybox`. */
  get imageName(): string {
    return `${this.host}/horde-test/slow:latest`;
  }

  get fileUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/file`;
  }

  releaseImage(): void {
    this.image.resolve();
  }

  releaseFile(): void {
    this.rest.resolve();
  }

  async close(): Promise<void> {
    this.releaseImage();
    this.releaseFile();
    await this.registry.stop();
    await new Docker().getImage(this.imageName).remove({ force: true });
    this.server.close();
    this.server.closeAllConnections();
  }
}
