import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';

/** Where backups are kept: they come as files of this machine. */
export interface BackupPlace {
  /** As an operator knows it. */
  readonly name: string;
  /** @param file is complete, and may be moved away */
  keep(file: string, name: string): Promise<void>;
  /** The names there that begin so. */
  list(beginning: string): Promise<string[]>;
  remove(name: string): Promise<void>;
}

export class FolderPlace implements BackupPlace {
  constructor(readonly name: string) {}

  /** Makes the folder. */
  async prepare(): Promise<void> {
    await mkdir(this.name, { recursive: true, mode: 0o700 });
  }

  async keep(file: string, name: string): Promise<void> {
    await rename(file, path.join(this.name, name));
  }

  async list(beginning: string): Promise<string[]> {
    return (await readdir(this.name)).filter((name) => name.startsWith(beginning));
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.name, name), { force: true });
  }
}

export interface S3Options {
  /** The bucket, as `https://s3.example/bucket`. */
  address: string;
  region: string;
  keyId: string;
  keySecret: string;
}

/** A bucket of S3, or of what answers as S3 does: MinIO, R2. One backup may have 5 GB. */
export class S3Place implements BackupPlace {
  readonly name: string;
  private readonly client: AwsClient;
  private readonly address: string;

  constructor({ address, region, keyId, keySecret }: S3Options) {
    this.address = address.replace(/\/$/, '');
    this.name = this.address;
    this.client = new AwsClient({ accessKeyId: keyId, secretAccessKey: keySecret, region, service: 's3' });
  }

  async keep(file: string, name: string): Promise<void> {
    const { size } = await stat(file);
    await this.ask('keep a backup', `${this.address}/${name}`, {
      method: 'PUT',
      // What the file is told by its encryption; the bytes on their way are guarded by TLS.
      headers: { 'content-length': String(size), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      body: Readable.toWeb(createReadStream(file)) as never,
      duplex: 'half',
    } as RequestInit);
  }

  async list(beginning: string): Promise<string[]> {
    // It tells 1,000 at once: there may be more of others.
    const answer = await this.ask(
      'list its backups',
      `${this.address}?list-type=2&prefix=${encodeURIComponent(beginning)}`,
      {},
    );
    return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
  }

  async remove(name: string): Promise<void> {
    await this.ask('remove a backup', `${this.address}/${name}`, { method: 'DELETE' });
  }

  private async ask(what: string, url: string, init: RequestInit): Promise<Response> {
    // Signed here and sent by hand: a body that is a stream can be sent once.
    const request = await this.client.sign(url, init);
    const answer = await fetch(request);
    if (!answer.ok)
      throw new Error(
        `${this.name} did not ${what}: ${answer.status} ${(await answer.text()).slice(0, 200)}`,
      );
    return answer;
  }
}
