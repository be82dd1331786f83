import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelArtifact } from '@horde/panel-api';

/** Artifacts are looked into while all of a job have together no more than this, as they came. @unit bytes */
const maxStored = 32 * 1024 * 1024;
/** So many are named. */
const named = 100;

/** The files that a job has left, for whoever operates the facilitator. */
@Injectable()
export class JobArtifacts {
  constructor(private readonly database: Database) {}

  /** Nothing where they are too large together. */
  async list(uuid: string): Promise<PanelArtifact[]> {
    return Object.entries(await this.of(uuid))
      .slice(0, named)
      .map(([name, content]) => ({ name, size: Buffer.byteLength(content, 'base64') }));
  }

  /** null: the job has none of this name. */
  async read(uuid: string, name: string): Promise<Buffer | null> {
    const files = await this.of(uuid);
    return Object.hasOwn(files, name) ? Buffer.from(files[name]!, 'base64') : null;
  }

  /** What is in each of them, in base64. Its miner has made the names up: Postgres would not read all of them. */
  private async of(uuid: string): Promise<Record<string, string>> {
    const [row] = await this.database.manager.query<{ artifacts: Buffer }[]>(
      `select artifacts from (
         select artifacts from job_status where job_uuid = $1 and artifacts is not null order by id desc limit 1
       ) last where octet_length(artifacts) <= ${maxStored}`,
      [uuid],
    );
    const files = row && (JSON.parse(row.artifacts.toString()) as Record<string, unknown> | null);
    return Object.fromEntries(
      Object.entries(files ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }
}

/** How a browser is to save a file, and never to show it. @param name what its job calls it: a path, of any characters */
export function savedAs(name: string): string {
  const file = name.split('/').at(-1)!.slice(-100).toWellFormed() || 'artifact';
  const ascii = file.replaceAll(/[^\w.-]/g, '_');
  const encoded = encodeURIComponent(file).replaceAll(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
