import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryLogin } from './registry-login.ts';

function configured(config: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'config.json'), config);
  return folder;
}
const entries = (auths: object) => configured(JSON.stringify({ auths }));
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

describe('the login that `docker login` has left for a registry', () => {
  it.each([
    ['docker.io', 'https://index.docker.io/v1/'],
    ['ghcr.io', 'ghcr.io'],
    ['host:5000', 'http://host:5000/v2/'],
  ])('of %s is under %s', async (registry, key) => {
    const folder = entries({ 'other.example': auth('x:y'), [key]: auth('me:pass:word') });
    const found = { serveraddress: key, username: 'me', password: 'pass:word' };
    expect(await registryLogin(registry, folder)).toEqual(found);
  });

  it('may be a token', async () => {
    const folder = entries({ 'ghcr.io': { ...auth('me:'), identitytoken: 'token' } });
    expect(await registryLogin('ghcr.io', folder)).toEqual({
      serveraddress: 'ghcr.io',
      identitytoken: 'token',
    });
  });

  it.each([
    ['another registry has one', { 'ghcr.io.evil.example': auth('a:b') }],
    ['the port is another', { 'ghcr.io:444': auth('a:b') }],
    ['it is kept elsewhere', { 'ghcr.io': {} }],
    ['the entry is empty', { 'ghcr.io': null }],
  ])('is none where %s', async (_, auths) => {
    expect(await registryLogin('ghcr.io', entries(auths))).toBeNull();
  });

  it('is none where there is no file', async () => {
    expect(await registryLogin('ghcr.io', '/nowhere')).toBeNull();
    expect(await registryLogin('ghcr.io', configured('{}'))).toBeNull();
  });

  it.each([
    ['is empty', '', 'it is empty'],
    ['is not JSON', '{"auths": {"ghcr.io": {"auth": secret', 'it is not JSON'],
    ['is a folder', null, 'it is a folder'],
  ])('is none where the file %s, and a warning says so', async (_, config, fact) => {
    const folder = configured(config ?? '');
    if (config === null) {
      rmSync(path.join(folder, 'config.json'));
      mkdirSync(path.join(folder, 'config.json'));
    }
    const warnings: string[] = [];
    expect(await registryLogin('ghcr.io', folder, (sentence) => warnings.push(sentence))).toBeNull();
    const file = path.join(folder, 'config.json');
    expect(warnings).toEqual([
      `The logins at registries in ${file} cannot be read: ${fact}. Images are pulled without a login.`,
    ]);
  });
});
