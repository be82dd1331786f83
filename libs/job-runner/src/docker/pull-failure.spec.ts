import { expect, it } from 'vitest';
import { pullFailure } from './pull-failure.ts';

it.each([
  [
    "pull access denied for org/tool, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'does not have it, or asks for a login, and this machine has none for it',
  ],
  [
    'manifest for org/tool:9 not found: manifest unknown: manifest unknown',
    'has no image of that name and tag (manifest unknown)',
  ],
  ['name unknown: repository name not known to registry', 'has no image of that name and tag (name unknown)'],
  [
    'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 10.0.0.1:53: no such host',
    'cannot be reached (no such host)',
  ],
  [
    'Get "https://ghcr.io/v2/": x509: certificate signed by unknown authority',
    'cannot be reached (certificate signed by unknown authority)',
  ],
  ['Get "https://ghcr.io/v2/": context deadline exceeded', 'cannot be reached (context deadline exceeded)'],
  [
    'Head "https://ghcr.io/v2/a/manifests/1": unauthorized',
    'asks for a login, and this machine has none for it',
  ],
  ['error parsing HTTP 403 response body', 'asks for a login, and this machine has none for it'],
  [
    'toomanyrequests: You have reached your pull rate limit',
    'takes no more requests of this machine for now',
  ],
  [
    'no matching manifest for linux/amd64 in the manifest list entries',
    'has it for other processors only (no matching manifest for linux/amd64)',
  ],
])('a pull that fails with "%s" is explained', (words, expected) => {
  expect(pullFailure('ghcr.io', words, false)).toBe(`the registry ghcr.io ${expected}`);
});

it('a pull that fails in another way is told with the words that are known', () => {
  expect(pullFailure('ghcr.io', 'filesystem layer verification failed for digest sha256:00', false)).toBe(
    'the Docker engine did not get it from the registry ghcr.io (filesystem layer verification failed)',
  );
});

it.each([
  'error parsing HTTP 404 response body: invalid character \'t\' looking for beginning of value: "the-inner-secret"',
  'denied: the-inner-secret',
  'unknown: the-inner-secret',
  'toomanyrequests: the-inner-secret',
  'Get "https://cdn.example/layer?Expires=1&Signature=the-inner-secret": unexpected EOF',
  'received unexpected HTTP status: 500 the-inner-secret',
])('nothing of an answer is passed on: %s', (words) => {
  expect(pullFailure('ghcr.io', words, true)).not.toContain('secret');
});
