import { once } from 'node:events';
import { expect, it } from 'vitest';
import { together } from './together.ts';

const never = new AbortController().signal;

it('gives the results of tasks in their order', async () => {
  expect(
    await together(
      never,
      async () => 1,
      async () => 'two',
    ),
  ).toEqual([1, 'two']);
});

it('throws the first failure, and only when the other task has stopped', async () => {
  const order: string[] = [];
  const failed = together(
    never,
    async () => {
      throw new Error('the first');
    },
    async (signal) => {
      if (!signal.aborted) await once(signal, 'abort');
      await new Promise(setImmediate);
      order.push('stopped');
      throw new Error('the second');
    },
  ).catch((error: Error) => order.push(error.message));
  await failed;
  expect(order).toEqual(['stopped', 'the first']);
});

it('tells all tasks of a signal from outside', async () => {
  const outside = new AbortController();
  const task = async (signal: AbortSignal) => {
    await once(signal, 'abort');
    signal.throwIfAborted();
  };
  const both = together(outside.signal, task, task);
  outside.abort(new Error('stopped'));
  await expect(both).rejects.toThrow('stopped');
});
