import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isStatic, staticBusybox } from './busybox.ts';

describe("this machine's busybox", () => {
  it('is refused with the package that brings one, where it is missing or needs libraries', async () => {
    await expect(staticBusybox(['/nowhere/busybox'])).rejects.toThrow(
      'There is no busybox on this machine. A static one is needed: apt-get install busybox-static',
    );
    await expect(staticBusybox(['/nowhere/busybox', '/usr/bin/env'])).rejects.toThrow(
      '/usr/bin/env needs shared libraries.',
    );
  });

  it('is told static from one with shared libraries, and from anything else', () => {
    expect(isStatic(readFileSync('/bin/busybox'))).toBe(true);
    expect(isStatic(readFileSync('/usr/bin/env'))).toBe(false);
    expect(isStatic(Buffer.from('#!/bin/sh\n'))).toBe(false);
  });
});
