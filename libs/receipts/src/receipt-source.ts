import { isIP, isIPv6 } from 'node:net';
import { isSs58 } from '@horde/identity';

/** A miner, and where it shows its receipts. */
export interface ReceiptSource {
  hotkey: string;
  ip: string;
  port: number;
}

/** Reads `hotkey:ip:port`; null when it is none. */
export function readSource(text: string): ReceiptSource | null {
  const [, hotkey = '', ip = '', port = ''] = /^([^:]+):\[?(.+?)\]?:(\d{1,5})$/.exec(text.trim()) ?? [];
  if (!isSs58(hotkey) || isIP(ip) === 0 || Number(port) < 1 || Number(port) > 65_535) return null;
  return { hotkey, ip, port: Number(port) };
}

/** The address of a page of a miner. */
export const pageUrl = ({ ip, port }: ReceiptSource, page: number): string =>
  `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/receipts/${page}.jsonl`;
