import { peerClocks } from '@horde/network';
import net from 'node:net';

export interface PublicAddressOptions {
  /** An IP, or `auto`: whatever the services see this machine as. */
  configured: string;
  /** Web services that answer with the address that they see, asked in turn. */
  services: string[];
  /** How long one may take to answer. @unit ms @default 5000 */
  timeout?: number;
  /** How long an answer is good for. @unit ms @default an hour */
  goodFor?: number;
}

/** After no service has answered, the next question waits so long. @unit ms */
const retryAfter = 60_000;

/**
 * The address that users reach this machine at, by ComputeHorde's rule: the configured one if it is public; none if it
 * is private, as of a miner behind a shield; for `auto` what services on the internet see.
 */
export class PublicAddress {
  private answer: Promise<string | null> | null = null;
  private askAgainAt = 0;

  constructor(private readonly options: PublicAddressOptions) {}

  async get(): Promise<string | null> {
    const { configured } = this.options;
    if (configured !== 'auto') return isPublic(configured) ? configured : null;
    if (!this.answer || performance.now() >= this.askAgainAt) {
      this.askAgainAt = Infinity;
      this.answer = this.ask().then((address) => {
        this.askAgainAt = performance.now() + (address ? (this.options.goodFor ?? 3_600_000) : retryAfter);
        return address;
      });
    }
    return this.answer;
  }

  private async ask(): Promise<string | null> {
    for (const service of this.options.services) {
      try {
        const signal = AbortSignal.timeout(this.options.timeout ?? 5_000);
        const asked = Date.now();
        const answer = await fetch(service, { signal });
        peerClocks.noteAnswer(new URL(service), Object.fromEntries(answer.headers), asked);
        if (!answer.ok) continue;
        const address = (await answer.text()).trim();
        if (isPublic(address)) return address;
      } catch {
        // The next one may answer.
      }
    }
    return null;
  }
}

const local = new net.BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  local.addSubnet(address, prefix, 'ipv4');
}
for (const [address, prefix] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  local.addSubnet(address, prefix, 'ipv6');
}

/** Whether an address is an IP that the whole internet may reach. */
export function isPublic(address: string): boolean {
  const family = net.isIP(address);
  return family !== 0 && !local.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
