import { describe, expect, it } from 'vitest';

import { fullReference, parseReference } from './image-reference.ts';

describe('the image that a reference means', () => {
  it.each([
    ['busybox', 'busybox:latest'],
    ['busybox:1', 'busybox:1'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    ['localhost:5000/a/b:2', 'localhost:5000/a/b:2'],
    ['a/b@sha256:00', 'a/b@sha256:00'],
    ['a:1@sha256:00', 'a:1@sha256:00'],
  ])('%s is %s', (given, expected) => expect(fullReference(given)).toBe(expected));

  it.each([
    ['ubuntu', 'docker.io', 'library/ubuntu', 'latest', null],
    ['org/tool:2', 'docker.io', 'org/tool', '2', null],
    ['index.docker.io/ubuntu', 'docker.io', 'library/ubuntu', 'latest', null],
    ['docker.io/org/tool', 'docker.io', 'org/tool', 'latest', null],
    ['ghcr.io/org/deep/tool:v1', 'ghcr.io', 'org/deep/tool', 'v1', null],
    ['localhost/tool', 'localhost', 'tool', 'latest', null],
    ['host:5000/tool', 'host:5000', 'tool', 'latest', null],
    ['host:5000/tool:1@sha256:ab', 'host:5000', 'tool', '1', 'sha256:ab'],
    ['tool@sha256:ab', 'docker.io', 'library/tool', null, 'sha256:ab'],
  ])('%s is at %s', (given, registry, repository, tag, digest) =>
    expect(parseReference(given)).toEqual({ registry, repository, tag, digest }),
  );
});
