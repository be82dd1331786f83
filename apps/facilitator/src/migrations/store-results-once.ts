import { parseJson, writeCompact, type JsonObject } from '@horde/protocol';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { bytes } from '../jobs/job-statuses.ts';
import { withResponseApart } from '../jobs/status-metadata.ts';

/**
 * Results are kept once, with the status that brought them, where they were in two places. They are bytes, stored
 * uncompressed: a part of them can then be read without the rest. Lists of jobs are read from indexes.
 */
export class StoreResultsOnce1795000000003 implements MigrationInterface {
  name = 'StoreResultsOnce1795000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table job_status add response json, add stdout bytea, add stderr bytea, add artifacts bytea,
        add upload_results bytea`);
    await runner.query(`
      alter table job_status alter stdout set storage external, alter stderr set storage external,
        alter artifacts set storage external, alter upload_results set storage external`);
    const found = (await runner.query(
      `select id from job_status where metadata::text like '%"miner_response"%'`,
    )) as { id: string }[];
    for (const { id } of found) await moveResult(runner, id);
    await runner.query('alter table job drop stdout, drop stderr, drop artifacts, drop upload_results');
    await runner.query('create index job_tag on job (hotkey, tag, created_at desc, uuid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index job_tag');
    await runner.query(`
      alter table job add stdout json not null default '""', add stderr json not null default '""',
        add artifacts json not null default '{}', add upload_results json not null default '{}'`);
    await runner.query(`
      alter table job_status drop response, drop stdout, drop stderr, drop artifacts, drop upload_results`);
  }
}

async function moveResult(runner: QueryRunner, id: string): Promise<void> {
  const [row] = (await runner.query('select metadata::text as text from job_status where id = $1', [id])) as [
    { text: string },
  ];
  const { metadata, response } = withResponseApart(parseJson(row.text) as JsonObject);
  if (!response) return;
  await runner.query(
    `update job_status set metadata = $2::json, response = $3::json, stdout = $4, stderr = $5, artifacts = $6,
       upload_results = $7 where id = $1`,
    [
      id,
      writeCompact(metadata),
      writeCompact(response.rest),
      bytes(response.stdout),
      bytes(response.stderr),
      bytes(response.artifacts),
      bytes(response.uploadResults),
    ],
  );
}
