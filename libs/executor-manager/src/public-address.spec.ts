import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublic, PublicAddress } from './public-address.ts';

/** A web service that answers so, and counts how often it was asked. */
async function service(answer: string | null, status = 200): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = http.createServer((_request, response) => {
    asked++;
    if (answer !== null) response.writeHead(status).end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: () => asked };
}

describe('the address that users reach this machine at', () => {
  it.each([
    ['93.184.216.34', '93.184.216.34'],
    ['2606:4700::1111', '2606:4700::1111'],
    ['10.1.2.3', null],
    ['172.17.0.1', null],
    ['100.100.0.1', null],
    ['::1', null],
    ['fd00::2', null],
    ['fe80::1', null],
    ['not an address', null],
  ])('configured as %s is %s', async (configured, address) => {
    expect(await new PublicAddress({ configured, services: [] }).get()).toBe(address);
  });

  it('is what the first service sees that answers with a public one, and is asked for once', async () => {
    const silent = await service(null);
    const broken = await service('oh no', 500);
    const inside = await service('192.168.1.1');
    const good = await service('93.184.216.34\n');
    const services = [silent, broken, inside, good];
    const address = new PublicAddress({
      configured: 'auto',
      services: ['http://127.0.0.1:1/', ...services.map(({ url }) => url)],
      timeout: 2_000,
    });
    expect(await Promise.all([address.get(), address.get()])).toEqual(['93.184.216.34', '93.184.216.34']);
    expect(await address.get()).toBe('93.184.216.34');
    expect(services.map(({ asked }) => asked())).toEqual([1, 1, 1, 1]);
  });

  it('is asked for again when the answer is old', async () => {
    const good = await service('93.184.216.34');
    const address = new PublicAddress({ configured: 'auto', services: [good.url], goodFor: 0 });
    await address.get();
    await address.get();
    expect(good.asked()).toBe(2);
  });

  it('is none when no service answers, which is not asked again at once', async () => {
    const broken = await service('', 500);
    const address = new PublicAddress({ configured: 'auto', services: [broken.url] });
    expect([await address.get(), await address.get()]).toEqual([null, null]);
    expect(broken.asked()).toBe(1);
  });
});

it('an address with a port, or a name, is no public address', () => {
  expect(['1.2.3.4:80', 'example.com', '', '1.2.3'].map(isPublic)).toEqual([false, false, false, false]);
});
