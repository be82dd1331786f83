import { expect } from 'vitest';
import type { Bill, Component } from '../../tools/images/sbom.ts';

/** SPDX names, as far as packages here have them. */
const licences =
  'MIT MIT-0 Apache-2.0 ISC BSD-2-Clause BSD-3-Clause 0BSD Unlicense Python-2.0 BlueOak-1.0.0 CC0-1.0'.split(
    ' ',
  );
const types = [
  'application',
  'framework',
  'library',
  'container',
  'file',
  'operating-system',
  'device',
  'firmware',
];

/** Holds a bill against what CycloneDX' schema requires of one, and of each of its parts. */
export function checkBill(bill: Bill): void {
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
  const components = [bill.metadata.component, ...bill.components].flatMap(withParts);
  for (const component of components) {
    const { type, name, version, purl, hashes = [], licenses = [] } = component;
    expect(types, name).toContain(type);
    expect(name).toMatch(/./);
    if (type === 'library' || type === 'application') {
      expect(version, name).toMatch(/./);
      expect(purl, name).toMatch(/^pkg:(npm|deb|generic)\/\S+@\S+$/);
    }
    for (const { alg, content } of hashes) {
      expect(alg).toBe('SHA-256');
      expect(content).toMatch(/^[\da-f]{64}$/);
    }
    // An expression stands alone; else each is a licence with an id of SPDX, or a name.
    if (licenses.some((one) => 'expression' in one)) expect(licenses).toHaveLength(1);
    for (const one of licenses)
      if ('license' in one && 'id' in one.license) expect(licences, name).toContain(one.license.id);
    if (purl?.startsWith('pkg:npm/')) expect(licenses, name).not.toEqual([]);
  }
  const names = components.flatMap((one) => one['bom-ref'] ?? []);
  expect(new Set(names).size).toBe(names.length);
}

const withParts = (component: Component): Component[] => [
  component,
  ...(component.components ?? []).flatMap(withParts),
];
