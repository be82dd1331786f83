import { Database, openDatabase, createLeaseTable } from '@horde/database';
import { metricRows, ServiceMetrics } from '@horde/metrics';
import { createLogger } from '@horde/operations';
import { createTestDatabase } from '@horde/testing/database';
import { mailServer } from '@horde/testing/mail-server';
import { serve, type Received } from '@horde/testing/web-server';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { QueryRunner } from 'typeorm';
import { stepOf, atRest } from './alert-rules.ts';
import { AlertStore, createAlertTable } from './alert-store.ts';
import { AlertWatch } from './alert-watch.ts';
import type { AlertReceivers } from './channels.ts';
import { saysOf } from './alert-message.ts';
import { expressionOf, offending, type Condition } from './condition.ts';

const condition: Condition = {
  name: 'TankEmpty',
  metric: 'tank_ratio',
  where: { service: 'pump' },
  is: 'below',
  limit: 0.1,
  for: 120,
  severity: 'critical',
  says: 'The tank has {value} left.',
  command: './horde run pump fill',
};
const minute = 60_000;
const hour = 60 * minute;

describe('a condition', () => {
  it('is the same for Prometheus and for the service', () => {
    const samples = [
      { labels: { service: 'pump', tank: 'a' }, value: 0.05 },
      { labels: { service: 'pump', tank: 'b' }, value: 0.02 },
      { labels: { service: 'mill', tank: 'a' }, value: 0 },
    ];
    expect(expressionOf(condition)).toBe('tank_ratio{service="pump"} < 0.1');
    expect(offending(condition, samples)).toEqual([samples[1], samples[0]]);
    expect(offending({ ...condition, limit: 0.02 }, samples)).toEqual([]);
    expect(offending(condition, [])).toEqual([]);
    const says = 'The tank {tank} of the {service} has {value} left.';
    expect(saysOf(says, offending(condition, samples), 'ratio')).toBe(
      'The tank b, a of the pump has 2 % left.',
    );
    const apart = { ...condition, where: {}, is: 'apart', limit: 5 } as const;
    expect(expressionOf(apart)).toBe('abs(tank_ratio) > 5');
    expect(
      offending(apart, [
        { labels: {}, value: 6 },
        { labels: {}, value: -7 },
      ]).map(({ value }) => value),
    ).toEqual([-7, 6]);
  });

  it('that comes and goes is told once an hour, each time with its end', () => {
    let standing = atRest;
    const told: string[] = [];
    for (let at = 0; at <= 150; at++) {
      const { tell, next } = stepOf({ for: 120 }, at % 10 < 5, standing, at * minute);
      standing = next;
      if (tell) told.push(`${tell} ${at}`);
    }
    expect(told).toEqual(['firing 2', 'over 5', 'firing 62', 'over 65', 'firing 122', 'over 125']);
  });
});

describe('a service without Prometheus', () => {
  let database: Database;
  let url: string;
  beforeEach(async () => {
    url = await createTestDatabase(options);
    database = new Database(await openDatabase(options(url)));
  });
  afterEach(() => database.dataSource.destroy());

  it('tells its webhook at most once an hour, and when it is over; a restart repeats nothing', async () => {
    const { url: webhook, received } = await serve((_, response) => response.end('ok'));
    const first = service(webhook);
    first.tank.set({ service: 'pump' }, 0.05);
    await first.watch.look(0);
    await first.watch.look(minute);
    expect(received).toEqual([]);
    await first.watch.look(2 * minute);
    await first.watch.look(3 * minute);
    await first.watch.beforeApplicationShutdown();

    const second = service(webhook);
    second.tank.set({ service: 'pump' }, 0.03);
    await second.watch.look(4 * minute);
    expect(received).toHaveLength(1);
    await second.watch.look(62 * minute);
    second.tank.set({ service: 'pump' }, 0.9);
    await second.watch.look(63 * minute);
    await second.watch.look(64 * minute);

    expect(received.map(({ method, url: path }) => `${method} ${path}`)).toEqual(Array(3).fill('POST /hook'));
    expect(received.map(sent)).toEqual(
      [
        { status: 'firing', says: 'The tank has 5 % left.' },
        { status: 'firing', says: 'The tank has 3 % left.' },
        { status: 'over', says: 'It is over.' },
      ].map((facts) => expect.objectContaining({ ...facts, alert: 'TankEmpty', service: 'pump' }) as unknown),
    );
    expect(sent(received[0]!)).toMatchObject({
      severity: 'critical',
      command: './horde run pump fill',
      since: '1970-01-01T00:00:00.000Z',
      at: '1970-01-01T00:02:00.000Z',
      text: expect.stringMatching(
        /^\[pump on .+\] TankEmpty: The tank has 5 % left\. Next: \.\/horde run pump fill$/,
      ),
    });
    expect(sent(received[0]!)['content']).toBe(sent(received[0]!)['text']);
    expect(sent(received[2]!)['text']).toMatch(/\] Over after 63 min: TankEmpty\.$/);
  });

  it('tries a receiver again that does not take a message, and logs nothing of its address', async () => {
    let status = 500;
    const { url: webhook, received } = await serve((_, response) => response.writeHead(status).end());
    const { watch, tank, log } = service(webhook);
    tank.set({ service: 'pump' }, 0);
    await watch.look(0);
    await watch.look(2 * minute);
    await watch.look(3 * minute - 1);
    expect(received).toHaveLength(1);
    status = 204;
    await watch.look(3 * minute);
    await watch.look(4 * minute);
    expect(received).toHaveLength(2);
    expect(log.join()).toMatch(/could not be told of an alert\. It answered with 500\./);
    expect(log.join()).not.toContain('/hook');
  });

  it('of several processes one tells; while the database is away, it is told all the same', async () => {
    const { url: webhook, received } = await serve((_, response) => response.end());
    const [one, other] = [service(webhook), service(webhook)];
    for (const { tank } of [one, other]) tank.set({ service: 'pump' }, 0);
    for (const at of [0, 2]) for (const { watch } of [one, other]) await watch.look(at * minute);
    expect(received).toHaveLength(1);
    await database.dataSource.destroy();
    await one.watch.look(30 * minute);
    await one.watch.look(62 * minute);
    expect(received).toHaveLength(2);
    database = new Database(await openDatabase(options(url)));
  });

  it('mails it where a mail server is named', async () => {
    const { url: alertMailServer, mails } = await mailServer();
    const { watch, tank } = service(null, {
      alertMailServer,
      alertMailTo: ['night@example.org'],
    });
    tank.set({ service: 'pump' }, 0);
    await watch.look(0);
    await watch.look(hour);
    await expect.poll(() => mails).toHaveLength(1);
    expect(mails[0]).toMatch(/^RCPT TO:<night@example.org>$/m);
    expect(mails[0]).toMatch(/^Subject: firing: TankEmpty \(pump on .+$/m);
    // Lines that are too long are broken, where depends on the host's name.
    const text = mails[0]!.replaceAll('=\n', '');
    expect(text).toContain('TankEmpty: The tank has 0 % left. Next: ./horde run pump fill');
  });

  function service(webhook: string | null, more: Partial<AlertReceivers> = {}) {
    const metrics = new ServiceMetrics(
      metricRows({ tank_ratio: { type: 'gauge', help: 'A tank.', labels: ['service'], unit: 'ratio' } }),
    );
    const receivers = { alertMailTo: [], ...more, ...(webhook && { alertWebhookUrl: `${webhook}/hook` }) };
    const log: string[] = [];
    const logger = createLogger('pump', { write: (line: string) => void log.push(line) });
    const alerts = { service: 'pump', conditions: [condition] };
    const all = metrics as unknown as ServiceMetrics;
    const watch = new AlertWatch(alerts, all, new AlertStore(database), receivers, database, logger);
    watch.onApplicationBootstrap();
    onTestFinished(() => watch.beforeApplicationShutdown());
    return { watch, log, tank: metrics.gauge('tank_ratio') };
  }
});

const options = (url: string) => ({
  service: 'pump',
  url,
  entities: [],
  migrations: [CreateAlerts1798000006009],
});

class CreateAlerts1798000006009 {
  async up(runner: QueryRunner): Promise<void> {
    await createLeaseTable(runner);
    await createAlertTable(runner);
  }

  down = async (): Promise<void> => {};
}

const sent = ({ body }: Received) => JSON.parse(body.toString()) as Record<string, string>;
