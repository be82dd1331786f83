import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger, LOGGER } from './logger.ts';
import { MetricsAccessModule, MetricsGuard } from './metrics-access.ts';

const metricsToken = 'a-token-of-16-or-more';

@Controller()
class ShownController {
  @Get('metrics')
  @UseGuards(MetricsGuard)
  metrics(): string {
    return 'a_metric 1\n';
  }

  @Get('other')
  other(): string {
    return 'other';
  }
}

/** A service with metrics, and where it and they are reached. */
async function start(access: { metricsToken?: string; metricsPort?: number }) {
  const log: Record<string, unknown>[] = [];
  const logger = createLogger('service', { write: (line) => void log.push(JSON.parse(line) as never) });
  @Module({
    imports: [MetricsAccessModule.forRoot({ metricsHost: '127.0.0.1', ...access }, logger)],
    controllers: [ShownController],
    providers: [{ provide: LOGGER, useValue: logger }],
  })
  class Service {}
  const app = await NestFactory.create(Service, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const own = log.find(({ address }) => address !== undefined)?.['address'] as AddressInfo | undefined;
  return { app, log, url: await app.getUrl(), own: `http://127.0.0.1:${own?.port}` };
}

it('metrics are told at the service’s port to whoever brings METRICS_TOKEN, and to nobody else', async () => {
  const { url, log } = await start({ metricsToken });
  const as = (authorization?: string) =>
    fetch(`${url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });
  expect(await (await as(`Bearer ${metricsToken}`)).text()).toBe('a_metric 1\n');
  for (const other of [undefined, 'Bearer ', `Basic ${metricsToken}`, `Bearer ${metricsToken}x`]) {
    const refused = await as(other);
    expect([other, refused.status]).toEqual([other, 401]);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  }
  expect(JSON.stringify(log)).not.toContain(metricsToken);
});

it('metrics of a service without METRICS_TOKEN are told to nobody there, and the answer and the log say why', async () => {
  const { url, log } = await start({});
  const refused = await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer undefined' } });
  expect(refused.status).toBe(401);
  expect(await refused.text()).toContain('METRICS_TOKEN, which is not set, or at METRICS_PORT');
  expect(log).toMatchObject([{ msg: expect.stringContaining('METRICS_TOKEN, which is not set') }]);
});

it('METRICS_PORT tells metrics without a token, and nothing else of the service', async () => {
  const { url, own } = await start({ metricsPort: 0 });
  expect(await (await fetch(`${own}/metrics?x`)).text()).toBe('a_metric 1\n');
  for (const path of ['/other', '/', '/metrics/../other', '/metricsx', '//metrics'])
    expect([path, (await fetch(own + path)).status]).toEqual([path, 404]);
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
});
