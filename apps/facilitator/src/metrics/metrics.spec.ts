import { scrape } from '@horde/testing/metrics';
import { expect, it, vi } from 'vitest';
import { storeJobs } from '../testing/stored-jobs.ts';
import { startFacilitator } from '../testing/running-facilitator.ts';
import { ask } from '../testing/user.ts';

it('metrics that many ask for at once are measured once', async () => {
  const facilitator = await startFacilitator([]);
  const query = vi.spyOn(facilitator.database.manager, 'query');
  const counts = () => query.mock.calls.filter(([sql]) => /from outbox where type/.test(sql)).length;
  const answers = await Promise.all(Array.from({ length: 20 }, () => scrape(facilitator.url)));
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toMatch(/^facilitator_undelivered_jobs 0$/m);
    expect(text).toMatch(/^facilitator_connected_validators 0$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  }
  expect(counts()).toBe(1);
  await facilitator.stop();
});

/** The metrics of ComputeHorde's facilitator that have something here to count, with their types and labels. */
const ofComputeHorde = `
  django_http_requests_total_by_method_total counter method
  django_http_responses_total_by_status_total counter status
  django_http_responses_total_by_status_view_method_total counter status,view,method
  django_http_requests_latency_seconds_by_view_method histogram view,method
  django_model_inserts_total counter model
  django_model_updates_total counter model
  django_model_deletes_total counter model
  django_migrations_applied_total gauge connection
  django_migrations_unapplied_total gauge connection`;

it('metrics of ComputeHorde’s facilitator are there under their names, and tell what has happened', async () => {
  const facilitator = await startFacilitator([]);
  const { url, user, database } = facilitator;
  const query = (sql: string, ...values: unknown[]) => database.manager.query(sql, values);
  await storeJobs(query, { hotkey: user.address, validator: user.address, count: 3 });
  for (const path of ['api/v1/jobs/x/', 'api/v1/jobs/', 'nowhere', '.env'])
    await ask(`${url}/${path}`, { method: path === '.env' ? 'DELETE' : 'GET' });

  const text = await (await scrape(url)).text();
  for (const line of ofComputeHorde.trim().split(/\n\s*/)) {
    const [name = '', type = '', labels = ''] = line.split(' ');
    expect(text).toContain(`# TYPE ${name} ${type}\n`);
    const sample = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? '';
    const found = [...sample.matchAll(/(\w+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le');
    expect([name, found.toSorted()]).toEqual([name, labels.split(',').toSorted()]);
  }
  const views = [...text.matchAll(/^django_http_responses_total_by_status_view_method_total\{(.*)\} 1$/gm)];
  expect(views.map(([, labels]) => labels)).toEqual(
    expect.arrayContaining([
      'status="401",view="/api/v1/jobs/:uuid",method="GET"',
      'status="401",view="/api/v1/jobs",method="GET"',
      'status="404",view="<unnamed view>",method="GET"',
      'status="404",view="<unnamed view>",method="DELETE"',
    ]),
  );
  expect(text).toMatch(/^django_model_inserts_total\{model="job"\} \d+$/m);

  const business = await (await scrape(url, '/business-metrics')).text();
  expect(business).toMatch(/^facilitator_users 1$/m);
  expect(business).toMatch(/^facilitator_active_users 1$/m);
  expect(business).toMatch(/^facilitator_jobs_last_day\{executor_class="always_on.test",status="sent"\} 3$/m);
  await facilitator.stop();
});
