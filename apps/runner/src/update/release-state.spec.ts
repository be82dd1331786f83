import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { noteOf, StateFile, unknownYet, withRefusal, type Refusal, type Update } from './release-state.ts';

let file: string;
beforeEach(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  file = path.join(folder, 'release.json');
});

describe('what is remembered of releases', () => {
  it('is nothing before anything was noted, and then what was noted, beside what was known', async () => {
    const store = new StateFile(file);
    expect(await store.read()).toMatchObject({ ...unknownYet(), install: expect.any(String) as string });
    const { install } = await store.note({ newest: { stable: 42 } });
    await store.note({ trouble: { number: 43, why: 'no registry', at: 'now' } });
    expect(await new StateFile(file).read()).toMatchObject({
      install,
      newest: { stable: 42 },
      trouble: { number: 43 },
    });
  });

  it('is the owner’s alone, and whole after a writer that was killed', async () => {
    const store = new StateFile(file);
    await store.note({ newest: { stable: 42 } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(`${file}.new`, '{"newest": {"sta');
    expect((await store.read()).newest).toEqual({ stable: 42 });
    await store.note({ newest: { stable: 43 } });
    expect((await store.read()).newest).toEqual({ stable: 43 });
    expect(await readdir(path.dirname(file))).toEqual(['release.json']);
  });

  it('is all that several writers note at once: a runner, its update, and a command that is typed', async () => {
    for (let number = 1; number <= 20; number++) {
      const update = { number } as Update;
      await Promise.all([
        new StateFile(file).note({ newest: { stable: number } }),
        new StateFile(file).note({ update }),
        new StateFile(file).note({ trouble: { number, why: '', at: 'now' } }),
      ]);
      expect(await new StateFile(file).read()).toMatchObject({
        newest: { stable: number },
        update,
        trouble: { number },
      });
    }
    expect(await readdir(path.dirname(file))).toEqual(['release.json']);
  });

  it('can be noted after a writer that was killed while it wrote', async () => {
    const lock = `${file}.lock`;
    await writeFile(lock, '');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await new StateFile(file).note({ newest: { stable: 42 } });
    expect(await readdir(path.dirname(file))).toEqual(['release.json']);
  });

  it('is not taken for nothing where it cannot be read: what was refused would be tried again', async () => {
    await writeFile(file, 'no JSON');
    await expect(new StateFile(file).read()).rejects.toThrow('JSON');
    await expect(new StateFile(file).note({ newest: {} })).rejects.toThrow('JSON');
    expect(await readFile(file, 'utf8')).toBe('no JSON');
  });

  it('has the newest refusals, each number once', () => {
    const one = (number: number, why = ''): Refusal => ({
      number,
      id: 'sha256:a',
      version: null,
      why,
      at: 'now',
    });
    let refused = [one(1)];
    for (let number = 2; number <= 30; number++) refused = withRefusal(refused, one(number));
    refused = withRefusal(refused, one(12, 'again'));
    expect(refused).toHaveLength(20);
    expect(refused.at(-1)).toEqual(one(12, 'again'));
    expect(refused.filter(({ number }) => number === 12)).toHaveLength(1);
  });
});

describe('what an operator hears of a release that was tried in vain', () => {
  const refused: Refusal[] = [
    { number: 7, id: 'sha256:new', version: '1.2.0', why: 'A peer is missing.', at: '2026-11-30T08:00:00Z' },
  ];
  const current = { id: 'sha256:old', reference: null, version: '1.1.0', number: 6, images: [] };
  const following = { channel: 'stable', updateHold: false };
  const note = (changed: object = {}, settings = following) =>
    noteOf({ refused, current, newest: { stable: 7 }, ...changed }, settings);

  it('is which one, when and why', () => {
    expect(note()).toBe('Release 1.2.0, number 7, was refused at 2026-11-30T08:00:00Z. A peer is missing.');
  });

  it('is nothing once it runs after all, a newer one is offered, or updates are held', () => {
    expect(note({ current: { ...current, id: 'sha256:new' } })).toBe('');
    expect(note({ newest: { stable: 8 } })).toBe('');
    expect(note({}, { ...following, updateHold: true })).toBe('');
    expect(note({ refused: [] })).toBe('');
  });

  it('is not ended by what another channel offers', () => {
    expect(note({ newest: { stable: 7, preprod: 9 } })).not.toBe('');
  });
});
