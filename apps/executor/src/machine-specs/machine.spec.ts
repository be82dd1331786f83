import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCpuInfo } from './cpu.ts';
import { parseMemInfo } from './memory.ts';
import { parseOsRelease } from './os.ts';
import { virtualMachine } from './virtualization.ts';

const fixture = (name: string) => readFileSync(path.join(import.meta.dirname, 'fixtures', name), 'utf8');

describe('/proc/cpuinfo', () => {
  it('tells the logical cores, their model and their clocks', () => {
    expect(parseCpuInfo(fixture('cpuinfo-x86-vm.txt'))).toEqual({
      count: 2,
      model: 'Intel(R) Xeon(R) Processor',
      clocks: [2299.998, 2300],
      virtual: true,
    });
    expect(parseCpuInfo(fixture('cpuinfo-x86-metal.txt'))).toEqual({
      count: 1,
      model: 'AMD EPYC 7713 64-Core Processor',
      clocks: [1996.249],
      virtual: false,
    });
  });

  it('tells the number of cores alone on arm64', () => {
    expect(parseCpuInfo(fixture('cpuinfo-arm64.txt'))).toEqual({
      count: 2,
      model: null,
      clocks: [],
      virtual: null,
    });
  });
});

describe('/proc/meminfo', () => {
  it('tells the memory in KiB', () => {
    const text = 'MemTotal:       24683644 kB\nMemFree:         1000000 kB\nMemAvailable:   20000000 kB\n';
    expect(parseMemInfo(text)).toEqual({
      available: 20_000_000,
      free: 1_000_000,
      total: 24_683_644,
      used: 23_683_644,
    });
  });

  it('is read on kernels that do not tell what is available', () => {
    expect(parseMemInfo('MemTotal: 1000 kB\nMemFree: 400 kB\n')).toMatchObject({ available: 400, used: 600 });
  });

  it('is an error without the memory', () => {
    expect(() => parseMemInfo('SwapTotal: 0 kB\n')).toThrow('/proc/meminfo does not tell the memory.');
  });
});

describe('/etc/os-release', () => {
  it('names the system as lsb_release does', () => {
    expect(parseOsRelease('PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\n')).toBe('Ubuntu 22.04.4 LTS');
    expect(parseOsRelease("NAME=Fedora\nPRETTY_NAME='Fedora Linux 40'\n")).toBe('Fedora Linux 40');
    expect(parseOsRelease('NAME=Alpine\nID=alpine\n')).toBe('Alpine');
    expect(parseOsRelease('PRETTY_NAME="A \\"quoted\\" name"\n')).toBe('A "quoted" name');
  });

  it('is an error without a name', () => {
    expect(() => parseOsRelease('ID=x\n')).toThrow('/etc/os-release does not name the system.');
  });
});

describe('the kind of virtual machine', () => {
  const kind = (firmware: string[], virtualCpu: boolean | null = true, hypervisor: string | null = null) =>
    virtualMachine({ firmware, virtualCpu, hypervisor });

  it('is told by the firmware', () => {
    expect(kind(['Standard PC (Q35 + ICH9, 2009)', 'QEMU'])).toBe('qemu');
    expect(kind(['VMware Virtual Platform', 'VMware, Inc.'])).toBe('vmware');
    expect(kind(['g5.xlarge', 'Amazon EC2'])).toBe('amazon');
    expect(kind(['Google Compute Engine', 'Google'])).toBe('google');
    expect(kind(['Virtual Machine', 'Microsoft Corporation'])).toBe('microsoft');
    expect(kind(['VirtualBox', 'innotek GmbH'])).toBe('oracle');
    expect(kind(['KVM Virtual Machine', 'QEMU'], null)).toBe('kvm');
  });

  it('is none on a machine of metal, also a cloud provider’s', () => {
    expect(kind(['PowerEdge R740', 'Dell Inc.'], false)).toBe('none');
    expect(kind(['m5.metal', 'Amazon EC2'], false)).toBe('none');
    expect(kind(['Altra Mt. Jade', 'Ampere'], null)).toBe('none');
  });

  it('is told by the processor and the hypervisor, too', () => {
    expect(kind([])).toBe('vm-other');
    expect(kind([], true, 'xen\n')).toBe('xen');
  });
});
