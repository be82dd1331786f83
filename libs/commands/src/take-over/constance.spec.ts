import { describe, expect, it } from 'vitest';
import { readConstance } from './constance.ts';

/** Made by Python's own pickle, in its protocols 0, 2 and 4. */
const pickles: [unknown, string[]][] = [
  ['a=2,b=1', ['VmE9MixiPTEKcDAKLg==', 'gAJYBwAAAGE9MixiPTFxAC4=', 'gASVCwAAAAAAAACMB2E9MixiPTGULg==']],
  ['', ['VgpwMAou', 'gAJYAAAAAHEALg==', 'gASVBAAAAAAAAACMAJQu']],
  [true, ['STAxCi4=', 'gAKILg==', 'gASILg==']],
  [false, ['STAwCi4=', 'gAKJLg==', 'gASJLg==']],
  [5, ['STUKLg==', 'gAJLBS4=', 'gARLBS4=']],
  [300, ['STMwMAou', 'gAJNLAEu', 'gASVBAAAAAAAAABNLAEu']],
  [-70_000, ['SS03MDAwMAou', 'gAJKkO7+/y4=', 'gASVBgAAAAAAAABKkO7+/y4=']],
  ['10000000000000000', ['TDEwMDAwMDAwMDAwMDAwMDAwTAou', 'gAKKBwAAwW/yhiMu', 'gASVCgAAAAAAAACKBwAAwW/yhiMu']],
  [
    '-1180591620717411303424',
    ['TC0xMTgwNTkxNjIwNzE3NDExMzAzNDI0TAou', 'gAKKCQAAAAAAAAAAwC4=', 'gASVDAAAAAAAAACKCQAAAAAAAAAAwC4='],
  ],
  [0.25, ['RjAuMjUKLg==', 'gAJHP9AAAAAAAAAu', 'gASVCgAAAAAAAABHP9AAAAAAAAAu']],
  [null, ['Ti4=', 'gAJOLg==', 'gAROLg==']],
  [
    ['a/b:1', 'ü', 'c'],
    [
      'KGxwMApWYS9iOjEKcDEKYVb8CnAyCmFWYwpwMwphLg==',
      'gAJdcQAoWAUAAABhL2I6MXEBWAIAAADDvHECWAEAAABjcQNlLg==',
      'gASVFgAAAAAAAABdlCiMBWEvYjoxlIwCw7yUjAFjlGUu',
    ],
  ],
  [
    0.8,
    [
      'Y2RlY2ltYWwKRGVjaW1hbApwMAooVjAuODAKcDEKdHAyClJwMwou',
      'gAJjZGVjaW1hbApEZWNpbWFsCnEAWAQAAAAwLjgwcQGFcQJScQMu',
      'gASVIgAAAAAAAACMB2RlY2ltYWyUjAdEZWNpbWFslJOUjAQwLjgwlIWUUpQu',
    ],
  ],
  [
    '100000000000000000000',
    [
      'Y2RlY2ltYWwKRGVjaW1hbApwMAooVjEwMDAwMDAwMDAwMDAwMDAwMDAwMApwMQp0cDIKUnAzCi4=',
      'gAJjZGVjaW1hbApEZWNpbWFsCnEAWBUAAAAxMDAwMDAwMDAwMDAwMDAwMDAwMDBxAYVxAlJxAy4=',
      'gASVMwAAAAAAAACMB2RlY2ltYWyUjAdEZWNpbWFslJOUjBUxMDAwMDAwMDAwMDAwMDAwMDAwMDCUhZRSlC4=',
    ],
  ],
  [
    '2026-01-02T03:04:05.000006',
    [
      'Y2RhdGV0aW1lCmRhdGV0aW1lCnAwCihjX2NvZGVjcwplbmNvZGUKcDEKKFYH6gECAwQFXHUwMDAwXHUwMDAwBgpwMgpWbGF0aW4xCnAzCnRwNApScDUKdHA2ClJwNwou',
      'gAJjZGF0ZXRpbWUKZGF0ZXRpbWUKcQBjX2NvZGVjcwplbmNvZGUKcQFYCwAAAAfDqgECAwQFAAAGcQJYBgAAAGxhdGluMXEDhnEEUnEFhXEGUnEHLg==',
      'gASVKgAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfqAQIDBAUAAAaUhZRSlC4=',
    ],
  ],
];

describe('a setting that is stored as a pickle', () => {
  it.each(pickles)('is %j in each protocol', (value, stored) => {
    expect(stored.map(readConstance)).toEqual(stored.map(() => value));
  });

  it('keeps a long text', () => {
    const pickle = Buffer.concat([
      Buffer.from('80049558000000000000008c50', 'hex'),
      Buffer.from('x'.repeat(80) + '\u0094.', 'latin1'),
    ]);
    expect(readConstance(pickle.toString('base64'))).toBe('x'.repeat(80));
  });

  it.each([
    ['calls a program', 'gASVKwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjBB0b3VjaCAvdG1wL293bmVklIWUUpQu'],
    ['calls one in the first protocol', 'Y3Bvc2l4CnN5c3RlbQpwMAooVnRvdWNoIC90bXAvb3duZWQKcDEKdHAyClJwMwou'],
    ['is a dictionary', 'gASVCgAAAAAAAAB9lIwBYZRLAXMu'],
    ['is a set', 'gASVBwAAAAAAAACPlChLAZAu'],
    ['is bytes', 'gASVBQAAAAAAAABDAXiULg=='],
    [
      'is a time with a zone',
      'gASVVwAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfqAQIAAAAAAACUaACMCHRpbWV6b25llJOUaACMCXRpbWVkZWx0YZSTlEsASwBLAIeUUpSFlFKUhpRSlC4=',
    ],
    ['is cut off', 'gASVCwAAAAAAAACMB2E9Mg=='],
    ['is nothing', 'Lg=='],
    ['is two values', 'gARLBUsFLg=='],
    ['goes on behind its end', 'gARLBS5LBS4='],
    ['names what it has not stored', 'gARoBS4='],
    ['is a list in itself', 'gARdlGgAYS4='],
    ['promises more than there is', Buffer.from([0x80, 4, 0x58, 255, 255, 255, 255]).toString('base64')],
    [
      'promises more than there can be',
      Buffer.from([0x80, 4, 0x8d, ...Array(8).fill(255)]).toString('base64'),
    ],
    ['is of no bytes that are a text', Buffer.from([0x80, 4, 0x8c, 1, 0xff, 0x2e]).toString('base64')],
    ['has endless steps', Buffer.from('N0'.repeat(60_000)).toString('base64')],
    ['is no base64', '%%%'],
    ['is empty', ''],
  ])('is refused where it %s', (_, stored) => {
    expect(() => readConstance(stored)).toThrow(expect.objectContaining({ name: 'PickleError' }));
  });
});

describe('a setting that is stored as JSON', () => {
  it.each([
    ['{"__type__": "default", "__value__": true}', true],
    ['{"__type__": "default", "__value__": "a=2"}', 'a=2'],
    ['{"__type__": "default", "__value__": 10000000000000001}', '10000000000000001'],
    ['{"__type__": "default", "__value__": 0.25}', 0.25],
    ['{"__type__": "decimal", "__value__": "0.80"}', 0.8],
    ['["a/b:1", "c"]', ['a/b:1', 'c']],
    ['{"__type__": "default", "__value__": ["a/b:1"]}', ['a/b:1']],
    ['{"__type__": "datetime", "__value__": "2026-01-02T03:04:05"}', '2026-01-02T03:04:05'],
  ])('%s is read', (stored, value) => {
    expect(readConstance(stored)).toEqual(value);
  });

  it.each(['{"__type__": "uuid", "__value__": "0a"}', '{"a": 1}', '{', '[NaN]'])(
    '%s is refused',
    (stored) => {
      expect(() => readConstance(stored)).toThrow(expect.objectContaining({ name: 'PickleError' }));
    },
  );
});
