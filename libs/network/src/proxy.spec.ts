import { describe, expect, it } from 'vitest';
import { proxyFor, WrongProxy } from './proxy.ts';

const proxies = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://user:word@tls:2' };
const hostFor = (url: string, environment: Record<string, string | undefined>) =>
  proxyFor(new URL(url), environment)?.host ?? null;

describe('the proxy for a URL', () => {
  it.each([
    ['http://example.com/', proxies, 'plain:1'],
    ['https://example.com/', proxies, 'tls:2'],
    ['https://example.com/', {}, null],
    ['https://example.com/', { HTTP_PROXY: 'http://plain:1' }, null],
    ['https://example.com/', { ...proxies, https_proxy: 'http://small:3' }, 'small:3'],
    ['https://example.com/', { ...proxies, https_proxy: '' }, null],
    ['https://example.com/', { HTTPS_PROXY: 'tls:2' }, 'tls:2'],
    ['https://example.com/', { HTTPS_PROXY: ' https://secure:4 ' }, 'secure:4'],
    ['http://127.0.0.1:9/', proxies, null],
    ['http://127.8.8.8/', proxies, null],
    ['http://localhost:8000/', proxies, null],
    ['http://job.localhost/', proxies, null],
    ['http://[::1]/', proxies, null],
    ['http://10.1.2.3/', proxies, 'plain:1'],
  ])('%s with %j is %s', (url, environment, expected) => expect(hostFor(url, environment)).toBe(expected));

  it.each([
    ['*', 'http://example.com/', true],
    ['example.com', 'http://example.com/', true],
    ['example.com', 'http://a.b.example.com/', true],
    ['example.com', 'http://notexample.com/', false],
    ['example.com', 'http://example.com.evil/', false],
    ['.example.com', 'http://a.example.com/', true],
    ['*.example.com', 'http://a.example.com/', true],
    ['EXAMPLE.com', 'http://Example.COM./', true],
    ['other, example.com', 'http://example.com/', true],
    ['other example.com', 'http://example.com/', true],
    ['example.com:8080', 'http://example.com:8080/', true],
    ['example.com:8080', 'http://example.com/', false],
    ['example.com:80', 'http://example.com/', true],
    ['example.com:443', 'https://example.com/', true],
    ['10.1.2.3', 'http://10.1.2.3/', true],
    ['10.1.2.3', 'http://10.1.2.30/', false],
    ['10.0.0.0/8', 'http://10.1.2.3:9/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', false],
    ['2001:db8::/32', 'http://[2001:db8::5]/', true],
    ['2001:db8::5', 'http://[2001:db8:0::5]/', true],
    ['[2001:db8::5]:81', 'http://[2001:db8::5]:81/', true],
    ['[2001:db8::5]:81', 'http://[2001:db8::5]/', false],
    ['pylon', 'http://pylon:8000/', true],
    ['', 'http://example.com/', false],
    [',', 'http://example.com/', false],
  ])('is none where NO_PROXY is %j and the URL %s: %s', (exceptions, url, isNone) => {
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(hostFor(url, { ...proxies, [name]: exceptions })).toBe(
        isNone ? null : 'plain:1'.replace('plain:1', url.startsWith('https') ? 'tls:2' : 'plain:1'),
      );
  });

  it.each(['socks5://user:word@x:1', 'http://', 'not a proxy'])(
    'cannot be %j, said without its password',
    (proxy) => {
      const find = () => proxyFor(new URL('http://example.com/'), { HTTP_PROXY: proxy });
      expect(find).toThrow(WrongProxy);
      expect(find).toThrow(/^HTTP_PROXY is not the address of an HTTP proxy/);
      expect(find).not.toThrow('word');
    },
  );
});
