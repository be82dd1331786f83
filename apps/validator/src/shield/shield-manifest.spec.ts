import { encrypt } from 'eciesjs';
import { Config } from 'eciesjs/config';
import { describe, expect, it } from 'vitest';
import { addressInShield } from './shield-address.ts';
import { readShieldManifest } from './shield-manifest.ts';

const privateKey = Buffer.alloc(32);
const publicKey = '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29';
const ed25519 = Object.assign(new Config(), { ellipticCurve: 'ed25519' });
const sealed = (text: string) =>
  Buffer.from(encrypt(publicKey, Buffer.from(text), ed25519)).toString('base64');

describe('the address of a miner behind a shield', () => {
  it('is read as bt-ddos-shield seals it: a vector of its own tests', () => {
    const vector =
      'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1wCAgICAgICAgICAgICAgIC7GnxP0NCwWvPkVafJ/8lOWa+ll93w315INR2Jz34UyQ/UgyGxcty7En0GY5xs5kNaU30';
    const text = JSON.stringify({
      ddos_shield_manifest: { encrypted_url_mapping: { us: vector }, md5_hash: '' },
    });
    expect(addressInShield(readShieldManifest(text)!, 'us', privateKey)).toEqual({
      ip: 'validator-a.shield.example.com',
      port: 9001,
    });
  });

  it.each([
    ['203.0.113.7:80', '203.0.113.7', 80],
    ['2001:db8::7:443', '2001:db8::7', 443],
    ['[2001:db8::7]:443', '2001:db8::7', 443],
    ['a_b-c.Example.:65535', 'a_b-c.Example.', 65_535],
  ])('%s is taken', (text, ip, port) => {
    expect(addressInShield({ us: sealed(text) }, 'us', privateKey)).toEqual({ ip, port });
  });

  it.each([
    '',
    'host',
    ':80',
    'host:',
    'host:0',
    'host:65536',
    'host:8 0',
    'user@host:80',
    'host/path:80',
    'host?x:80',
    'ho st:80',
    'host\n:80',
    '-_:.:80',
    `${'a'.repeat(64)}.example:80`,
    `${'a.'.repeat(127)}aa:80`,
    'http://host:80',
  ])('%j is none', (text) => {
    expect(addressInShield({ us: sealed(text) }, 'us', privateKey)).toBeNull();
  });

  it.each([
    ['nothing for this validator', {}],
    ['something inherited', Object.create({ us: sealed('host:80') }) as object],
    ['no text', { us: 7 }],
    ['less than a header', { us: 'AAAA' }],
    ['what another key opens', { us: sealed('host:80') }, Buffer.alloc(32, 1)],
    ['what was changed on the way', { us: sealed('host:80').replace(/.{4}$/, 'AAAA') }],
  ])('there is none where the manifest has %s', (_, manifest, key = privateKey) => {
    expect(addressInShield(manifest as Record<string, unknown>, 'us', key)).toBeNull();
  });
});

it.each([
  '',
  'null',
  '[]',
  '7',
  '{}',
  '{"ddos_shield_manifest":null}',
  '{"ddos_shield_manifest":{"encrypted_url_mapping":7}}',
])('%j is no manifest of a shield', (text) => {
  expect(readShieldManifest(text)).toBeNull();
});
