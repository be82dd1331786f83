import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { JobFailure } from '../failures.ts';
import { makeIdentity, readClientCertificate } from './certificate.ts';

describe("a streaming job's certificate", () => {
  it("is the one that ComputeHorde's clients expect", async () => {
    const { certificate, key } = await makeIdentity('198.51.100.7');
    const read = new X509Certificate(certificate);
    expect(read.subject).toBe('CN=localhost');
    expect(read.issuer).toBe('CN=localhost');
    expect(read.subjectAltName).toBe('DNS:localhost, IP Address:198.51.100.7');
    expect(read.ca).toBe(false);
    expect(read.publicKey.asymmetricKeyDetails).toMatchObject({
      modulusLength: 2048,
      publicExponent: 65537n,
    });
    expect(read.verify(read.publicKey)).toBe(true);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    const inDays = (date: string) => (Date.parse(date) - Date.now()) / 86_400_000;
    expect(inDays(read.validFrom)).toBeLessThan(0);
    expect(inDays(read.validFrom)).toBeGreaterThan(-1);
    expect(inDays(read.validTo)).toBeCloseTo(365, 1);
  });

  it.each([
    ['miner.example', 'DNS:localhost, DNS:miner.example'],
    ['2001:db8::7', 'DNS:localhost, IP Address:2001:DB8:0:0:0:0:0:7'],
    [null, 'DNS:localhost'],
  ])('is good for the address %s', async (address, names) => {
    const { certificate } = await makeIdentity(address);
    expect(new X509Certificate(certificate).subjectAltName).toBe(names);
  });

  it('is another one for each job', async () => {
    const [one, other] = await Promise.all([makeIdentity(null), makeIdentity(null)]);
    expect(one.certificate).not.toBe(other.certificate);
    expect(one.key).not.toBe(other.key);
  });
});

describe('the certificate that a user gives', () => {
  it('is read, the first where there are several', async () => {
    const [one, other] = await Promise.all([makeIdentity(null), makeIdentity(null)]);
    expect(readClientCertificate(`${one.certificate}${other.certificate}`)).toBe(one.certificate);
  });

  it.each([
    ['nothing', '', /it is not a certificate in PEM/],
    [
      'a private key',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      /not a certificate in PEM/,
    ],
    ['garbage in PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /it cannot be read/],
    ['half a certificate', '-----BEGIN CERTIFICATE-----\nMIIB', /it cannot be read/],
    ['a megabyte', `-----BEGIN CERTIFICATE-----\n${'A'.repeat(1e6)}`, /longer than 16384 characters/],
  ])('is refused when it is %s', (_what, pem, sentence) => {
    const read = () => readClientCertificate(pem);
    expect(read).toThrow(JobFailure);
    expect(read).toThrow(sentence);
    expect(read).toThrow(expect.objectContaining({ reason: 'unknown', stage: 'streaming_startup' }));
  });
});
