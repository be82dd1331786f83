import { isIP } from 'node:net';
import { TokenBucket } from '@horde/async';

/** Of how many networks failures are remembered: of those that failed last. */
const maxNetworks = 10_000;

/** How often somebody of one network may fail to say who it is; whoever succeeds is not counted. */
export class FailureRate {
  /** How many more failures of a network are let pass. Those that failed last stand at the end. */
  private readonly left = new Map<string, TokenBucket>();

  /** @param maxPerMinute as many at once, and then as many a minute */
  constructor(private readonly maxPerMinute: number) {}

  /** Whether somebody of this network may try. */
  allows(network: string): boolean {
    return this.left.get(network)?.has() ?? true;
  }

  failed(network: string): void {
    const left = this.left.get(network) ?? new TokenBucket(this.maxPerMinute / 60, this.maxPerMinute);
    left.tryTake();
    this.left.delete(network);
    this.left.set(network, left);
    if (this.left.size > maxNetworks) this.left.delete(this.left.keys().next().value!);
  }
}

/** What counts as one address: of IPv6 the first 64 bits, since whoever has one address there has all with these. */
export function networkOf(address: string): string {
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  if (isIP(plain) !== 6) return plain;
  // A URL writes it in one way: in lower case, without leading zeros, IPv4 in it as two groups.
  const [before = '', after] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(before), groups(after ?? '')];
  const zeros = Array<string>(8 - first.length - last.length).fill('0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
