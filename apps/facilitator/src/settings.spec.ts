import { loadSettings, SettingsError } from '@horde/settings';
import { describe, expect, it } from 'vitest';
import { FacilitatorSettings } from './settings.ts';

const given = { DATABASE_URL: 'postgres://x', SECRET_KEY: 'secret', BITTENSOR_NETUID: '12' };
const load = (environment: Record<string, string | undefined>) =>
  loadSettings(FacilitatorSettings, { ...given, ...environment }).settings;

describe('settings of ComputeHorde', () => {
  it('NONCE_LIFETIME, JWT_LIFETIME and SIGNATURE_EXPIRE_DURATION from the environment are numbers', () => {
    expect(load({ NONCE_LIFETIME: '5', JWT_LIFETIME: '6', SIGNATURE_EXPIRE_DURATION: '7' })).toMatchObject({
      nonceLifetime: 5,
      jwtLifetime: 6,
      signatureExpireDuration: 7,
    });
  });

  it('CORS_… say which pages may use the API', () => {
    const cors = {
      CORS_ALLOWED_ORIGINS: 'https://a.example,http://b:8080',
      CORS_ALLOWED_ORIGIN_REGEXES: 'https://.*[.]c',
    };
    expect(load({ ...cors, CORS_ALLOW_ALL_ORIGINS: '1' })).toMatchObject({
      corsEnabled: true,
      corsAllowedOrigins: ['https://a.example', 'http://b:8080'],
      corsAllowedOriginRegexes: ['https://.*[.]c'],
      corsAllowAllOrigins: true,
    });
  });

  it.each([
    ['CORS_ALLOWED_ORIGINS', 'a.example'],
    ['CORS_ALLOWED_ORIGINS', 'https://a.example/path'],
    ['CORS_ALLOWED_ORIGIN_REGEXES', '('],
  ])('%s=%s is refused', (variable, value) => {
    expect(() => load({ [variable]: value })).toThrow(SettingsError);
  });
});

it.each([undefined, '', ' '])('without a secret key of its own (%j) there is no facilitator', (key) => {
  expect(() => load({ SECRET_KEY: key })).toThrow(/SECRET_KEY/);
});

it('earlier secret keys are a list', () => {
  expect(load({ SECRET_KEY_FALLBACKS: 'one, two' }).secretKeyFallbacks).toEqual(['one', 'two']);
});

it('DEFAULT_ADMIN_PASSWORD has at least 12 characters', () => {
  expect(load({ DEFAULT_ADMIN_PASSWORD: 'twelve chars' }).defaultAdminPassword).toBe('twelve chars');
  expect(() => load({ DEFAULT_ADMIN_PASSWORD: 'eleven char' })).toThrow(
    'it must have at least 12 characters',
  );
});
