/** What the panel's requests cannot cost less than on this machine, in the same minutes. */
import type { PanelClient } from '@horde/testing/panel-client';
import pg from 'pg';
import type { Figure } from '../figure.ts';
import { uuids } from './filled-service.ts';
import { pageSize, requests } from './lists.ts';

/** @param url of the service */
export async function floorFigures(
  service: string,
  url: string,
  client: PanelClient,
  databaseUrl: string,
  rows: number,
): Promise<Figure[]> {
  const database = new pg.Client({ connectionString: databaseUrl, options: `-c search_path=${service}` });
  await database.connect();
  const { headers } = client;
  const html = await (await fetch(`${url}/admin/`, { headers })).text();
  const script = new URL(/[^"]+\.js/.exec(html)![0], `${url}/admin/`);
  try {
    return [
      await p99(`${service}: floor: ${pageSize} jobs by primary key, without a panel`, (request) =>
        database.query('select * from job where uuid = any($1)', [uuids(rows, pageSize, request)]),
      ),
      await p99(`${service}: floor: a file of its panel`, async () =>
        (await fetch(script, { headers })).arrayBuffer(),
      ),
    ];
  } finally {
    await database.end();
  }
}

async function p99(name: string, work: (request: number) => Promise<unknown>): Promise<Figure> {
  const took: number[] = [];
  for (let request = 0; request < requests; request++) {
    const began = performance.now();
    await work(request);
    took.push(performance.now() - began);
  }
  took.sort((one, other) => one - other);
  const value = took[Math.ceil(requests * 0.99) - 1]!;
  return {
    name,
    value,
    unit: 'ms',
    bar: null,
    atLeast: false,
    note: `median ${took[requests / 2]!.toFixed(1)} ms`,
  };
}
