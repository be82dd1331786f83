import { S3Place, type BackupPlace } from './places.ts';

/** Where B2's own API is asked first. */
const entrance = 'https://api.backblazeb2.com';
/** How long it may take to answer. @unit ms */
const limit = 30_000;

export interface B2Key {
  keyId: string;
  keySecret: string;
}

/** A bucket of Backblaze B2, by its name alone: where its account answers as S3 does is asked for before each use. */
export class B2Place implements BackupPlace {
  readonly name: string;

  /** @param asked where B2's own API is */
  constructor(
    private readonly bucket: string,
    private readonly key: B2Key,
    private readonly asked = entrance,
  ) {
    this.name = `b2://${bucket}`;
  }

  async keep(file: string, name: string): Promise<void> {
    await (await this.asS3()).keep(file, name);
  }

  async list(beginning: string): Promise<string[]> {
    return (await this.asS3()).list(beginning);
  }

  async remove(name: string): Promise<void> {
    await (await this.asS3()).remove(name);
  }

  private async asS3(): Promise<S3Place> {
    const { keyId, keySecret } = this.key;
    const authorization = `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString('base64')}`;
    const answer = await fetch(`${this.asked}/b2api/v2/b2_authorize_account`, {
      headers: { authorization },
      signal: AbortSignal.timeout(limit),
    });
    if (!answer.ok)
      throw new Error(
        `Backblaze did not take the key of ${this.name}: ${answer.status} ${(await answer.text()).slice(0, 200)}`,
      );
    const { s3ApiUrl } = (await answer.json()) as { s3ApiUrl?: unknown };
    if (typeof s3ApiUrl !== 'string' || !URL.canParse(s3ApiUrl))
      throw new Error(`Backblaze did not say where ${this.name} answers as S3 does.`);
    return new S3Place({ address: `${s3ApiUrl}/${this.bucket}`, region: regionOf(s3ApiUrl), ...this.key });
  }
}

/** B2 signs for the region that is in the address: `https://s3.us-west-002.backblazeb2.com`. */
export const regionOf = (s3ApiUrl: string): string => new URL(s3ApiUrl).hostname.split('.')[1] ?? '';
