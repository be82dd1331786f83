import { expect, it } from 'vitest';

import { pullFailure } from './pull-failure.ts';

it.each([
  [
    "pull access denied for org/tool, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'does not have it, or asks for a login, and this machine has none for it',
  ],
  [
    'manifest for org/tool:9 not found: manifest unknown: manifest unknown',
    'has no image of that name and tag',
  ],
  ['name unknown: repository name not known to registry', 'has no image of that name and tag'],
  ['Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 10.0.0.1:53: no such host', 'cannot be reached'],
  ['Get "https://ghcr.io/v2/": x509: certificate signed by unknown authority', 'cannot be reached'],
  ['Get "https://ghcr.io/v2/": context deadline exceeded', 'cannot be reached'],
  [
    'Head "https://ghcr.io/v2/a/manifests/1": unauthorized',
    'asks for a login, and this machine has none for it',
  ],
  ['error parsing HTTP 403 response body', 'asks for a login, and this machine has none for it'],
  [
    'toomanyrequests: You have reached your pull rate limit',
    'takes no more requests of this machine for now',
  ],
  ['no matching manifest for linux/amd64 in the manifest list entries', 'has it for other processors only'],
])('a pull that fails with "%s" is explained', (words, expected) => {
  expect(pullFailure('ghcr.io', words, false)).toBe(`the registry ghcr.io ${expected} (${words})`);
});

it('a pull that fails in another way is told in the words of the engine', () => {
  expect(pullFailure('ghcr.io', 'filesystem layer verification failed', false)).toBe(
    'filesystem layer verification failed',
  );
});

it('a signed address is told without its signature', () => {
  const words = 'Get "https://cdn.example/layer?Expires=1&Signature=secret": unexpected EOF';
  expect(pullFailure('ghcr.io', words, true)).toBe(
    'the registry ghcr.io cannot be reached (Get "https://cdn.example/layer": unexpected EOF)',
  );
});
