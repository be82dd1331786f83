import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, it } from 'vitest';
import { exclusively } from './exclusively.ts';

const name = () => `spec ${process.pid} ${Math.random()}`;

it('lets one at a time work under a name, and does not keep it after a failure', async () => {
  const lock = name();
  const order: string[] = [];
  const work = (label: string) =>
    exclusively(lock, async () => {
      order.push(`${label} begins`);
      await new Promise(setImmediate);
      order.push(`${label} ends`);
      if (label === 'a') throw new Error('failed');
    });
  const [first] = await Promise.allSettled([work('a'), work('b')]);
  expect(first.status).toBe('rejected');
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('is not held by a process that was killed', async () => {
  const lock = name();
  const script = `import { exclusively } from ${JSON.stringify(path.join(import.meta.dirname, 'exclusively.ts'))};
    await exclusively(${JSON.stringify(lock)}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await exclusively(lock, async () => 'mine')).toBe('mine');
});
