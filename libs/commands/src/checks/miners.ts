import { isIPv6 } from 'node:net';
import { connectionConfig } from '@horde/database';
import pg from 'pg';

/** How many are asked. */
const most = 8;

/** Some of the miners that a service has in its table `miner`, as URLs of their services; none where it cannot be read. */
export async function minersOf(
  service: string,
  url: string,
  mayAsk: (ip: string) => boolean = () => true,
): Promise<string[]> {
  const client = new pg.Client(connectionConfig({ url, name: 'doctor', schema: service }));
  try {
    await client.connect();
    const { rows } = await client.query<{ ip: string; port: number }>(
      'select ip, port from miner where ip is not null and port is not null order by random()',
    );
    return rows
      .filter(({ ip }) => mayAsk(ip))
      .slice(0, most)
      .map(({ ip, port }) => `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/version`);
  } catch {
    return [];
  } finally {
    await client.end().catch(() => undefined);
  }
}
