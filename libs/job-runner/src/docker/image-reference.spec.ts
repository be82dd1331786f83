import { describe, expect, it } from 'vitest';
import { checkedReference, fullReference, parseReference } from './image-reference.ts';

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

describe('what cannot be the name of an image', () => {
  it.each([
    ['nothing', ''],
    ['blanks', 'a b'],
    ['letters that no name has', 'ż'],
    ['an empty folder', 'a//b'],
    ['a way up', '../../containers/json?x='],
    ['a way up further on', 'a/../../../x:y'],
    ['a way up at a registry', 'host:5000/..'],
    ['a query', 'x?fromSrc=-'],
    ['a digest that is none', 'x@sha256:zz'],
    ['a line feed', 'x\n'],
    ['a long tag', `x:${'t'.repeat(200)}`],
    ['a long name', `${'a'.repeat(100_000)}!`],
  ])('does not reach the engine, where it would be a path: %s', (_, given) =>
    expect(() => checkedReference(given)).toThrow('cannot be the name of an image'),
  );

  it.each([
    'busybox',
    'a.b/c_d/e__f/g--h:V1.0_x-y',
    'localhost:5000/a/b',
    'Host.example:5000/x',
    '[::1]:5000/x',
    `org/x:1@sha256:${'0a'.repeat(32)}`,
    `sha256:${'0'.repeat(64)}`,
  ])('is not %s', (given) => expect(checkedReference(given)).toBe(fullReference(given)));
});
