import { expect, it } from 'vitest';
import { spanIdOf, traceIdOf, uuidInTraceOf } from './span.ts';

const job = '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01';

it('a job’s attempts have uuids of version 4 and spans of their own in the one trace that its uuid names', () => {
  const attempts = [uuidInTraceOf(job), uuidInTraceOf(job)];
  for (const uuid of attempts) expect(uuid).toMatch(/^7c2d0f34-9f1e-4e0f-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const names = [job, ...attempts];
  expect(new Set(names.map(traceIdOf))).toEqual(new Set(['7c2d0f349f1e4e0f7c2d0f349f1e4e0f']));
  expect(new Set(names.map((uuid) => spanIdOf({ job: uuid, place: 'attempt' }))).size).toBe(3);
});

it('a name that is no uuid, and the uuid of zeros, have traces that collectors take', () => {
  for (const name of ['a', '00000000-0000-0000-0000-000000000000'])
    expect(traceIdOf(name)).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
});
