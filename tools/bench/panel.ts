/**
 * The panel of facilitator, validator and miner where a million rows are in each list: how long its requests take, with
 * every filter, on the first page, in the middle and on the last one, and how long a browser that was never there waits for
 * its pages. The databases stay in a folder for the next run; docs/development.md has the variables.
 */
import os from 'node:os';
import path from 'node:path';
import { PanelClient } from '@horde/testing/panel-client';
import type { Figure } from './figure.ts';
import { filledDatabase, openServer } from './panel/databases.ts';
import { facilitator } from './panel/facilitator.ts';
import { firstLoadFigures } from './panel/first-load.ts';
import { floorFigures } from './panel/floors.ts';
import { firstOverview, listFigures } from './panel/lists.ts';
import { miner } from './panel/miner.ts';
import { validator } from './panel/validator.ts';

const rows = Number(process.env['PANEL_BENCH_ROWS'] ?? 1_000_000);
const base = process.getuid?.() === 0 ? '/var/lib/horde' : path.join(os.homedir(), '.local/share/horde');
const folder = process.env['PANEL_BENCH_FOLDER'] ?? path.join(base, 'bench-panel');
const one = process.env['PANEL_BENCH_SERVICE'];
const password = 'correct horse battery';

export async function figures(): Promise<Figure[]> {
  const server = await openServer(folder);
  const found: Figure[] = [];
  try {
    for (const service of [facilitator, validator, miner].filter(({ name }) => !one || name === one)) {
      const databaseUrl = await filledDatabase(server, service, rows);
      const { url, stop } = await service.start(databaseUrl, {
        DEFAULT_ADMIN_PASSWORD: password,
        DEFAULT_ADMIN_PASSWORD_STAYS: 'true',
      });
      try {
        const client = await PanelClient.logIn(url, 'admin', password);
        found.push(
          await firstOverview(client, service.name),
          ...(await floorFigures(service.name, url, client, databaseUrl, rows)),
          ...(await listFigures(client, service, rows)),
          ...(await firstLoadFigures(service.name, url, client)),
        );
      } finally {
        await stop();
      }
    }
  } finally {
    await server.stop();
  }
  return found;
}
