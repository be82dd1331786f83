import { BlockList, isIP } from 'node:net';

type Environment = Record<string, string | undefined>;

/** HTTP_PROXY or HTTPS_PROXY names no proxy that can be used. The sentence shows no password. */
export class WrongProxy extends Error {
  override readonly name = 'WrongProxy';
}

/**
 * The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for a URL; null: none. Small letters come first, as
 * everywhere. This machine itself is never asked for over a proxy. NO_PROXY may list hosts, which stand for those below
 * them too, with or without a dot or `*.` in front; addresses; networks such as 10.0.0.0/8; each with a port, too; `*`
 * is everything.
 *
 * @throws WrongProxy
 */
export function proxyFor(url: URL, environment: Environment): URL | null {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const read = (name: string) => (environment[name.toLowerCase()] ?? environment[name] ?? '').trim();
  const proxy = read(variable);
  if (proxy === '') return null;
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (isThisMachine(host)) return null;
  const exceptions = read('NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/);
  if (exceptions.some((exception) => matches(exception, host, port))) return null;
  const parsed = URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new WrongProxy(
      `${variable} is not the address of an HTTP proxy: it must look like http://host:port`,
    );
  }
  return parsed;
}

function isThisMachine(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || isInside(host, '127.0.0.0', 8) || host === '::1'
  );
}

function matches(exception: string, host: string, port: string): boolean {
  const [, bracketed, plain, onlyPort] = /^(?:\[(.+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(exception) ?? [];
  const name = (bracketed ?? plain ?? '').replace(/^\*?\./, '');
  if (name === '' || (onlyPort && onlyPort !== port)) return false;
  if (name === '*') return true;
  const [network, prefix] = name.split('/');
  if (prefix !== undefined) return isInside(host, network!, Number(prefix));
  return isIP(host)
    ? isInside(host, name, isIP(name) === 6 ? 128 : 32)
    : host === name || host.endsWith(`.${name}`);
}

function isInside(host: string, network: string, prefix: number): boolean {
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family || !(prefix >= 0 && prefix <= (family === 4 ? 32 : 128)))
    return false;
  const list = new BlockList();
  const type = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}
