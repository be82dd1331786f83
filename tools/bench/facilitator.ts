/**
 * What users' requests cost the facilitator: creations of jobs, streams of events in which nothing happens, a page with
 * full artifacts, and the pages of a long list.
 */
import { createTestDatabase } from '@horde/testing/database';
import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { creationFigures } from './facilitator/creations.ts';
import { idleStreamFigures } from './facilitator/idle-streams.ts';
import { listFigures } from './facilitator/lists.ts';
import { userWithJobs } from './facilitator/user-with-jobs.ts';
import type { Figure } from './figure.ts';
import { withPostgres } from './miner/with-postgres.ts';

const megabyte = 1_000_000;
/** Of a page; more than are read at once by far. A whole page of 256 has 7 GB. */
const pageSize = 64;
/** 20 files of the largest size that executors return, in base64. @unit bytes */
const fullArtifacts = 27 * megabyte;
/** One user does here what many do. */
const noLimits = {
  MAX_UNFINISHED_JOBS: '0',
  MAX_CREATIONS_PER_MINUTE: '0',
  MAX_REQUESTS_PER_MINUTE: '0',
  MAX_LOGINS_PER_ADDRESS: '0',
};

export const figures = (): Promise<Figure[]> => withPostgres(measure);

async function measure(): Promise<Figure[]> {
  const databaseUrl = await createTestDatabase();
  const facilitator = await FacilitatorProcess.start(databaseUrl, noLimits);
  try {
    return [
      ...(await creationFigures(facilitator, databaseUrl)),
      ...(await idleStreamFigures(facilitator)),
      ...(await largePage(facilitator)),
      ...(await listFigures(facilitator)),
    ];
  } finally {
    await facilitator.stop();
  }
}

async function largePage(facilitator: FacilitatorProcess): Promise<Figure[]> {
  const { read } = await userWithJobs(facilitator, { count: pageSize, artifacts: fullArtifacts });
  await read('page_size=1');
  let page = { first: 0, whole: 0, bytes: 0 };
  const growth = await facilitator.process.memoryGrowth(async () => {
    page = await read(`page_size=${pageSize}`);
  });
  const note = `${pageSize} jobs of ${fullArtifacts / megabyte} MB, ${(page.bytes / megabyte).toFixed(0)} MB in ${(page.whole / 1_000).toFixed(1)} s`;
  return [
    {
      name: 'memory for a page of full artifacts',
      value: growth / megabyte,
      unit: 'MB',
      bar: 150,
      atLeast: false,
      note,
    },
    { name: 'its first byte', value: page.first, unit: 'ms', bar: 1_000, atLeast: false },
  ];
}
