import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { ValidateBy } from 'class-validator';

/** For settings: a list of addresses, or of blocks of them such as `10.0.0.0/8`. */
export const IsAddressBlocks = () =>
  ValidateBy(
    {
      name: 'isAddressBlocks',
      validator: {
        validate: (text) => typeof text === 'string' && readBlock(text) !== null,
        defaultMessage: () =>
          'it must be addresses, or blocks of them such as 10.0.0.0/8, separated by commas',
      },
    },
    { each: true },
  );

/** The proxies that tell us who is behind them. */
export class TrustedProxies {
  private readonly blocks = new BlockList();

  /** @param blocks addresses and blocks of them. @throws Error that names one that is neither */
  constructor(blocks: readonly string[]) {
    for (const text of blocks) {
      const block = readBlock(text);
      if (!block) throw new Error(`"${text}" is neither an address nor a block of addresses.`);
      this.blocks.addSubnet(block.network, block.prefix, block.family);
    }
  }

  /**
   * The address that a peer connects from: the socket's; behind one of these proxies, what that says in `X-Real-IP`.
   * From anybody else the header proves nothing.
   */
  addressOf(headers: IncomingHttpHeaders, remoteAddress: string): string {
    const address = remoteAddress.replace(/^::ffff:/i, '');
    const seen = headers['x-real-ip'];
    return typeof seen === 'string' && isIP(seen) !== 0 && this.has(address) ? seen : address;
  }

  /** Whether the proxy at this address is one of them. */
  has(address: string): boolean {
    return isIP(address) !== 0 && this.blocks.check(address, familyOf(address));
  }
}

function readBlock(text: string): { network: string; prefix: number; family: 'ipv4' | 'ipv6' } | null {
  const [network = '', length, ...rest] = text.trim().split('/');
  if (isIP(network) === 0 || rest.length > 0) return null;
  const family = familyOf(network);
  const longest = family === 'ipv6' ? 128 : 32;
  const prefix = length === undefined ? longest : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  return prefix > longest ? null : { network, prefix, family };
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
