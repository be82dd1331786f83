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

describe('LOG_LEVEL', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('that is empty counts as not set', () => {
    vi.stubEnv('LOG_LEVEL', '');
    expect(createLogger('test').level).toBe('info');
  });

  it('that is no level is one clear sentence', () => {
    vi.stubEnv('LOG_LEVEL', 'loud');
    expect(() => createLogger('test')).toThrow(SettingsError);
    expect(() => createLogger('test')).toThrow(
      'LOG_LEVEL is "loud": it must be one of trace, debug, info, warn, error, fatal, silent.',
    );
  });
});
