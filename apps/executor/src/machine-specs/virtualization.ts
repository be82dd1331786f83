/** What a machine says of itself. */
export interface MachineTraits {
  /** Texts of the firmware: vendors and products, as under /sys/class/dmi/id. */
  firmware: string[];
  /** Whether the processor says that it is a virtual one; null: it does not say. */
  virtualCpu: boolean | null;
  /** Contents of /sys/hypervisor/type; null: there is none. */
  hypervisor: string | null;
}

/** How firmware texts of virtual machines begin, with the names that systemd has for them. */
const firmwares: [start: string, name: string][] = [
  ['KVM', 'kvm'],
  ['OpenStack', 'kvm'],
  ['KubeVirt', 'kvm'],
  ['Amazon EC2', 'amazon'],
  ['Google Compute Engine', 'google'],
  ['QEMU', 'qemu'],
  ['VMware', 'vmware'],
  ['VMW', 'vmware'],
  ['innotek GmbH', 'oracle'],
  ['VirtualBox', 'oracle'],
  ['Xen', 'xen'],
  ['Bochs', 'bochs'],
  ['Parallels', 'parallels'],
  ['BHYVE', 'bhyve'],
  ['Hyper-V', 'microsoft'],
  ['Virtual Machine', 'microsoft'],
  ['Apple Virtualization', 'apple'],
];

/**
 * The kind of virtual machine, by systemd's names: `kvm`, `amazon`, `vmware`, ...; `vm-other`: an unknown kind;
 * `none`: a machine of metal.
 */
export function virtualMachine({ firmware, virtualCpu, hypervisor }: MachineTraits): string {
  if (hypervisor?.trim() === 'xen') return 'xen';
  if (virtualCpu === false) return 'none'; // a cloud's machines of metal have its name in their firmware, too
  for (const text of firmware) {
    const known = firmwares.find(([start]) => text.startsWith(start));
    if (known) return known[1];
  }
  return virtualCpu ? 'vm-other' : 'none';
}
