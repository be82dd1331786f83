import { connect, type LookupFunction } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { reasonOf } from './reason.ts';

const lookup: LookupFunction = (_host, _options, callback) =>
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);

describe('what a failed connection says', () => {
  it('is the reason of each address where all addresses of a name fail', async () => {
    const [error] = (await once(connect({ host: 'name.invalid', port: 1, lookup }), 'error').catch(
      (thrown: Error) => [thrown],
    )) as [Error];
    expect(error.message).toBe('');
    expect(reasonOf(error)).toBe('connect ECONNREFUSED 127.0.0.1:1; connect ECONNREFUSED 127.0.0.2:1');
  });

  it.each([
    ['the innermost cause', new TypeError('fetch failed', { cause: new Error('no route.') }), 'no route'],
    ['a reason once', new AggregateError([new Error('a'), new Error('a'), new Error('b')]), 'a; b'],
    ['a code where there are no words', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a name where there is nothing else', new RangeError(''), 'RangeError'],
    ['what is no error as it is', 'text', 'text'],
  ])('is %s', (_what, error, expected) => expect(reasonOf(error)).toBe(expected));
});
