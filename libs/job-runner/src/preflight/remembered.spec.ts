import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isRemembered, rememberedFor, remember } from './remembered.ts';

describe('a check that passed', () => {
  let base: string;
  let folder: string;
  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'horde-remembered-'));
    folder = path.join(base, `horde-preflight-${process.geteuid!()}`);
    onTestFinished(() => rmSync(base, { recursive: true }));
  });

  it('is remembered for an hour, under its own name', async () => {
    const now = Date.now();
    expect(await isRemembered(base, 'a', now)).toBe(false);
    await remember(base, 'a', now);
    expect(await isRemembered(base, 'a', now + rememberedFor - 1)).toBe(true);
    expect(await isRemembered(base, 'a', now + rememberedFor)).toBe(false);
    expect(await isRemembered(base, 'b', now)).toBe(false);
  });

  it('is not believed when it lies in the future', async () => {
    const now = Date.now();
    await remember(base, 'a', now + 5_000);
    expect(await isRemembered(base, 'a', now)).toBe(false);
  });

  it('is kept where only this user can read and write', async () => {
    await remember(base, 'a');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, 'a')).mode & 0o777).toBe(0o600);
  });

  it('is neither read nor written in a folder that others may enter', async () => {
    await remember(base, 'a');
    chmodSync(folder, 0o770);
    expect(await isRemembered(base, 'a')).toBe(false);
    await remember(base, 'b');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it.runIf(process.getuid!() === 0)("is not believed in another user's folder", async () => {
    await remember(base, 'a');
    chownSync(folder, 65_534, 65_534);
    expect(await isRemembered(base, 'a')).toBe(false);
  });

  it('is not believed through a symbolic link, to the folder or to the file', async () => {
    await remember(base, 'a');
    const elsewhere = path.join(base, 'elsewhere');
    renameSync(folder, elsewhere);
    symlinkSync(elsewhere, folder);
    expect(await isRemembered(base, 'a')).toBe(false);
    rmSync(folder);
    mkdirSync(folder, { mode: 0o700 });
    symlinkSync(path.join(elsewhere, 'a'), path.join(folder, 'a'));
    expect(await isRemembered(base, 'a')).toBe(false);
  });

  it('is not believed when its file holds anything but a time', async () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path.join(folder, 'a'), 'yes');
    expect(await isRemembered(base, 'a')).toBe(false);
  });

  it('is forgotten for good when others are remembered an hour later', async () => {
    await remember(base, 'old');
    const then = (Date.now() - rememberedFor - 1_000) / 1_000;
    utimesSync(path.join(folder, 'old'), then, then);
    await remember(base, 'new');
    expect(readdirSync(folder)).toEqual(['new']);
  });

  it('is checked again where nothing can be kept', async () => {
    await remember(path.join(base, 'missing'), 'a');
    expect(await isRemembered(path.join(base, 'missing'), 'a')).toBe(false);
  });

  it('is remembered by eight executors at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => remember(base, 'a')));
    expect(await isRemembered(base, 'a')).toBe(true);
    expect(readdirSync(folder)).toEqual(['a']);
  });
});
