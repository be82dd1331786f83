import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { sendHeld } from '@horde/testing/send-held';

const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image registry on this machine that serves one small image under every name and tag but `missing`. */
export class TestRegistry {
  /** Requests for the image's manifest by tag: one for each pull that reached the registry. */
  pulls = 0;
  /** Requests for the image's layer. */
  downloads = 0;
  /** Serve other bytes than the layer's digest promises. */
  corrupt = false;
  /** While set, layers wait for it, and are sent slowly until then. */
  hold: Promise<void> | null = null;
  private readonly server = http.createServer((request, response) => void this.answer(request, response));
  private readonly layer: Buffer;
  private readonly config: Buffer;
  private readonly manifest: Buffer;

  /**
   * @param contents makes the image, and its digests, unlike any other
   * @param program what is to be `/busybox` in it, beside that file
   */
  constructor(contents: string, program?: Buffer) {
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-registry-'));
    writeFileSync(path.join(folder, 'file'), contents);
    if (program) writeFileSync(path.join(folder, 'busybox'), program, { mode: 0o755 });
    const tar = execFileSync('tar', ['-c', '-C', folder, ...readdirSync(folder)], {
      maxBuffer: 2 ** 26,
    });
    rmSync(folder, { recursive: true });
    this.layer = gzipSync(tar);
    this.config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [digest(tar)] },
      }),
    );
    const described = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      size: bytes.length,
      digest: digest(bytes),
    });
    this.manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: described('application/vnd.docker.container.image.v1+json', this.config),
        layers: [described('application/vnd.docker.image.rootfs.diff.tar.gzip', this.layer)],
      }),
    );
  }

  /** @returns the registry's name in image references */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = request.url!;
    const send = (status: number, type: string, body: Buffer | string) => {
      const bytes = Buffer.from(body);
      const headers = {
        'content-type': type,
        'content-length': bytes.length,
        'docker-content-digest': digest(bytes),
      };
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : bytes);
    };
    if (url === '/v2/') return send(200, 'application/json', '{}');
    if (url.includes('/manifests/')) {
      if (url.endsWith('/missing')) {
        return send(
          404,
          'application/json',
          '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
        );
      }
      if (!url.includes('sha256:')) this.pulls++;
      return send(200, 'application/vnd.docker.distribution.manifest.v2+json', this.manifest);
    }
    if (url.endsWith(digest(this.config))) return send(200, 'application/octet-stream', this.config);
    if (url.endsWith(digest(this.layer))) {
      this.downloads++;
      if (this.corrupt) return send(200, 'application/octet-stream', gzipSync('not it'));
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': this.layer.length,
      });
      return sendHeld(response, this.layer, this.hold);
    }
    return send(404, 'application/json', '{"errors":[]}');
  }
}
