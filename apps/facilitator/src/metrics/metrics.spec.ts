import { expect, it, vi } from 'vitest';
import { startFacilitator } from '../testing/running-facilitator.ts';
import { ask } from '../testing/user.ts';

it('metrics that many ask for at once are measured once', async () => {
  const facilitator = await startFacilitator([]);
  const query = vi.spyOn(facilitator.database.manager, 'query');
  const counts = () => query.mock.calls.filter(([sql]) => /from outbox/.test(sql)).length;
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(`${facilitator.url}/metrics`)));
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text).toMatch(/^facilitator_undelivered_jobs 0$/m);
    expect(text).toMatch(/^facilitator_connected_validators 0$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  }
  expect(counts()).toBe(1);
  await facilitator.stop();
});
