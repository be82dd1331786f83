import { commonMetrics, ServiceMetrics, type MetricRows } from '@horde/metrics';
import { because } from '@horde/testing/missing';
import { missingPrometheus, startPrometheus } from '@horde/testing/prometheus';
import { serve } from '@horde/testing/web-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { services } from '../../tools/monitoring/services.ts';
import { conditions, labelsOf, right, shippedQueries, shippedRules, wrong } from './conditions.ts';

const missing =
  process.env['REAL_PROMETHEUS'] === 'yes' ? missingPrometheus : 'a real Prometheus is of ./horde test --all';

describe.skipIf(missing !== null)(`what ships for a Prometheus, in a real one${because(missing)}`, () => {
  it('has each alert fire by what the services count, and end', async () => {
    const pages = services.map(({ service, rows }) => {
      const metrics = new ServiceMetrics({ ...commonMetrics, ...rows } as MetricRows);
      const gauges = conditions
        .filter((condition) => condition.service === service)
        .map((condition) => ({ condition, gauge: gaugeOf(metrics, condition.metric) }));
      return { service, metrics, gauges };
    });
    const show = (value: (condition: (typeof conditions)[number]) => number) => {
      for (const { gauges } of pages)
        for (const { condition, gauge } of gauges) gauge.set(labelsOf(condition), value(condition));
    };
    let started = 1;
    const { port } = await serve((request, response) => {
      const page = pages.find(({ service }) => request.url === `/${service}`)!;
      void page.metrics.metrics().then((text) => {
        // A process that is started anew each time.
        response.end(
          text.replace(/^process_start_time_seconds .*$/m, `process_start_time_seconds ${started++}`),
        );
      });
    });
    show(right);
    const hurried = shippedRules();
    for (const { rules } of hurried.groups) for (const rule of rules) rule.for = '1s';
    const prometheus = await startPrometheus({
      'alerts.yml': stringify(hurried),
      'prometheus.yml': stringify({
        global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
        rule_files: ['alerts.yml'],
        scrape_configs: services.map(({ service }) => ({
          job_name: service,
          metrics_path: `/${service}`,
          static_configs: [
            // Nobody is at the second one.
            { targets: [`127.0.0.1:${port}`, ...(service === 'miner' ? ['127.0.0.1:1'] : [])] },
          ],
        })),
      }),
    });
    onTestFinished(() => prometheus.stop());
    const names = conditions.map(({ name }) => name);
    await expect.poll(() => prometheus.query('up == 1')).toHaveLength(3);
    expect((await prometheus.firing()).filter((name) => names.includes(name))).toEqual([]);
    show(wrong);
    await expect
      .poll(async () => [...new Set(await prometheus.firing())].toSorted())
      .toEqual([...names, 'ServiceDown', 'ServiceRestarts'].toSorted());
    show(right);
    await expect
      .poll(async () => (await prometheus.firing()).filter((name) => names.includes(name)))
      .toEqual([]);
  });

  it('answers each query of the dashboard with series', async () => {
    const pages = services.map(({ service, rows }) => {
      const all = { ...commonMetrics, ...rows } as MetricRows;
      const metrics = new ServiceMetrics(all);
      for (const [name, { type, labels = [] }] of Object.entries(all)) {
        const some = Object.fromEntries(labels.map((label) => [label, label === 'service' ? service : 'x']));
        if (type === 'gauge') metrics.gauge(name as never).set(some as never, 1);
        else if (type === 'counter') metrics.counter(name as never).inc(some as never, 1);
        else metrics.histogram(name as never).observe(some as never, 0.01);
      }
      return { service, metrics };
    });
    const { port } = await serve((request, response) => {
      const [, service, isBusiness] = /^\/(\w+?)(-business)?$/.exec(request.url)!;
      const { metrics } = pages.find((page) => page.service === service)!;
      void (isBusiness ? metrics.business : metrics).metrics().then((text) => response.end(text));
    });
    const jobs = services.flatMap(({ service }) => [service, `${service}-business`]);
    const prometheus = await startPrometheus({
      'prometheus.yml': stringify({
        global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
        scrape_configs: jobs.map((job_name) => ({
          job_name,
          metrics_path: `/${job_name}`,
          static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        })),
      }),
    });
    onTestFinished(() => prometheus.stop());
    const queries = shippedQueries();
    expect(queries.length).toBeGreaterThan(30);
    for (const query of queries)
      await expect
        .poll(async () => (await prometheus.query(query)).length, { message: query })
        .toBeGreaterThan(0);
  });
});

function gaugeOf(metrics: ServiceMetrics, name: string) {
  const known = metrics.getSingleMetric(name);
  return (known ?? metrics.gauge(name as never)) as ReturnType<ServiceMetrics['gauge']> as {
    set(labels: Record<string, string>, value: number): void;
  };
}
