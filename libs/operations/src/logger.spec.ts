import { afterEach, describe, expect, it, vi } from 'vitest';
import { SettingsError } from '@horde/settings';
import { createLogger, withLogContext, type Logger } from './logger.ts';

/** The lines that `write` makes a logger write. */
function linesOf(write: (logger: Logger) => void): string {
  let lines = '';
  write(createLogger('test', { write: (line) => (lines += line) }));
  return lines;
}

const withFacts = (message: string, facts: object): Error => Object.assign(new Error(message), facts);

describe('a line about an error', () => {
  it.each([
    ['of the database: not the values of the query', { query: 'insert …', parameters: ['hf_secret'] }],
    ['of the database: not the row that did not fit', { detail: 'Failing row contains (hf_secret).' }],
    ['of Redis: not the login that it refused', { command: { name: 'auth', args: ['hf_secret'] } }],
    ['of an address: not its password', { input: 'postgres://u:hf_secret@host:port/x' }],
    ['inside another: nothing of this either', { cause: withFacts('inner', { input: 'hf_secret' }) }],
    ['among others: nothing of this either', { errors: [withFacts('one', { input: 'hf_secret' })] }],
  ])('%s', (_what, facts) => {
    const lines = linesOf((logger) => logger.error({ error: withFacts('it broke', facts) }, 'failed'));
    expect(lines).toContain('it broke');
    expect(lines).not.toContain('hf_secret');
  });

  it('says what it is, where, and why', () => {
    const error = withFacts('refused', { code: 'ECONNREFUSED', cause: new TypeError('inner') });
    const line = JSON.parse(linesOf((logger) => logger.error({ error }, 'failed'))) as { error: object };
    expect(line.error).toMatchObject({
      type: 'Error',
      message: 'refused',
      code: 'ECONNREFUSED',
      stack: expect.stringContaining('logger.spec') as string,
      cause: { type: 'TypeError', message: 'inner' },
    });
  });
});

describe('a line within a context', () => {
  it('bears that, and nothing of the lines before it', () => {
    const lines = linesOf((logger) => {
      withLogContext({ job: 'a' }, () => {
        logger.error({ handle: 'h' }, 'first');
        logger.error('second');
      });
    });
    const [first, second] = lines.split('\n').map((line) => (line ? (JSON.parse(line) as object) : null));
    expect(first).toMatchObject({ job: 'a', handle: 'h' });
    expect(second).toMatchObject({ job: 'a', msg: 'second' });
    expect(second).not.toHaveProperty('handle');
  });
});

describe('for people', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('a line is a sentence and its facts, and never a secret', () => {
    vi.stubEnv('LOG_FORMAT', 'text');
    const lines = linesOf((logger) =>
      withLogContext({ job: '7c2d0f34', validator: '5FYw' }, () =>
        logger.warn({ token: 'hf_secret', image: 'an image', tries: 2 }, 'the executor is late'),
      ),
    );
    expect(lines).toMatch(/^[\dTZ:.-]+ WARN {2}test: the executor is late job=7c2d0f34 validator=5FYw /);
    expect(lines).toContain(' token="[secret]" image="an image" tries=2\n');
  });

  it('an error stands below it, with where it was and its cause', () => {
    vi.stubEnv('LOG_FORMAT', 'text');
    const error = withFacts('refused', { cause: new TypeError('inner') });
    const [first, ...below] = linesOf((logger) => logger.error({ error }, 'failed')).split('\n');
    expect(first).toMatch(/ ERROR test: failed$/);
    expect(below[0]).toBe('  Error: refused');
    expect(below.join('\n')).toMatch(/logger\.spec.*\n {2}because of\n {4}TypeError: inner/s);
  });

  it('what strangers wrote moves no cursor, and begins no line', () => {
    vi.stubEnv('LOG_FORMAT', 'text');
    const hostile = 'a\u001b[2J\u009b1A\u202e\nFATAL b';
    const lines = linesOf((logger) => logger.info({ hostile, [hostile]: 1 }, hostile));
    expect(lines.trimEnd()).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it.each([
    ['auto', true, false],
    ['auto', false, true],
    ['json', true, true],
    ['TEXT', false, false],
  ])('LOG_FORMAT=%s on a terminal (%s) is JSON: %s', (format, isTTY, isJson) => {
    vi.stubEnv('LOG_FORMAT', format);
    let lines = '';
    createLogger('test', { write: (line) => (lines += line), isTTY }).info('it began');
    expect(lines.startsWith('{')).toBe(isJson);
  });
});

describe.each([
  ['LOG_LEVEL', 'trace, debug, info, warn, error, fatal, silent'],
  ['LOG_FORMAT', 'auto, json, text'],
])('%s', (variable, values) => {
  afterEach(() => vi.unstubAllEnvs());

  it('that is empty counts as not set', () => {
    vi.stubEnv(variable, '');
    expect(createLogger('test').level).toBe('info');
  });

  it('that is none is one clear sentence', () => {
    vi.stubEnv(variable, 'loud');
    expect(() => createLogger('test')).toThrow(SettingsError);
    expect(() => createLogger('test')).toThrow(`${variable} is "loud": it must be one of ${values}.`);
  });
});
