import { describe, expect, it } from 'vitest';
import { checkPolicy, type ImagePolicy } from './image-policy.ts';
import { fullReference } from './image-reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

const isAllowed = (image: string, policy: ImagePolicy) => {
  try {
    checkPolicy(fullReference(image), policy);
    return true;
  } catch {
    return false;
  }
};

describe('the registries that an operator allows', () => {
  it.each([
    ['docker.io', 'ubuntu', true],
    ['docker.io', 'org/tool', true],
    ['docker.io', 'docker.io.evil.example/tool', false],
    ['index.docker.io', 'ubuntu:24.04', true],
    ['docker.io/library', 'ubuntu', true],
    ['docker.io/library', 'org/tool', false],
    ['docker.io/org', 'org/tool', true],
    ['docker.io/org', 'organisation/tool', false],
    ['ubuntu', 'ubuntu:24.04', true],
    ['ubuntu', 'ubuntu-but-not-really', false],
    ['org/', 'org/tool', true],
    ['org/tool', 'org/tool:1', true],
    ['org/tool', 'org/tools', false],
    ['ghcr.io', 'ghcr.io/org/tool', true],
    ['ghcr.io', 'ghcr.io:444/org/tool', false],
    ['ghcr.io', 'ghcr.io.evil.example/org/tool', false],
    ['ghcr.io', 'ghcr.io', false],
    ['ghcr.io/org/', 'ghcr.io/org/deep/tool', true],
    ['ghcr.io/org', 'ghcr.io/other/tool', false],
    ['localhost:5000', 'localhost:5000/tool', true],
    ['localhost:5000', 'localhost:5001/tool', false],
    ['localhost', 'localhost/tool', true],
    ['docker.io', digest, false],
  ])('%s allow %s: %s', (entry, image, expected) =>
    expect(isAllowed(image, { allowedRegistries: ['other.example', entry] })).toBe(expected),
  );

  it('are all, where none is named', () => {
    expect(isAllowed('ghcr.io/org/tool', {})).toBe(true);
    expect(isAllowed(digest, { allowedRegistries: [] })).toBe(true);
    expect(isAllowed(digest, { allowedRegistries: ['localhost:5000', '*'] })).toBe(true);
  });

  it('are told to the user of an image from elsewhere', () => {
    const check = () => checkPolicy('quay.io/tool:1', { allowedRegistries: ['ghcr.io/org', 'docker.io'] });
    expect(check).toThrow(
      'The image quay.io/tool:1 may not be run on this machine: only images of ghcr.io/org, docker.io are run.',
    );
  });
});

describe('an operator who asks for digests', () => {
  it.each([
    ['tool', false],
    ['tool:1', false],
    [`tool@${digest}`, true],
    [`tool:1@${digest}`, true],
    [digest, true],
    ['sha256:abab', false],
  ])('allows %s: %s', (image, expected) => expect(isAllowed(image, { requireDigest: true })).toBe(expected));
});
