import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { canListen, parseStreamingPorts, StreamingPorts } from './streaming-ports.ts';

const pairs = (text: string) =>
  parseStreamingPorts(text).map(({ port, publicPort }) => `${port}:${publicPort}`);

describe('the ports for streaming jobs are named', () => {
  it('as a range, a list, pairs of an inner and an outer port, or a mixture', () => {
    expect(parseStreamingPorts('6000-6999')).toHaveLength(1_000);
    expect(pairs('6001,6005')).toEqual(['6001:6001', '6005:6005']);
    expect(pairs('6000:16000, 6001:16001')).toEqual(['6000:16000', '6001:16001']);
    expect(pairs(' 7000-7001 ,6006:80,')).toEqual(['7000:7000', '7001:7001', '6006:80']);
  });

  it.each([
    ['', 'no port is named'],
    ['6000-', '"6000-" is none of: a port (6001), a range (6000-6999), a pair (6000:16000)'],
    ['x', '"x" is none of: a port (6001), a range (6000-6999), a pair (6000:16000)'],
    ['7000-6000', '"7000-6000" ends before it begins'],
    ['65535-65536', '65536 is no port: they go from 1 to 65535'],
    ['0', '0 is no port: they go from 1 to 65535'],
    ['6000,5999-6001', 'port 6000 is named twice'],
    ['6000:9,6001:9', 'port 9 is named twice'],
  ])('and not as %j', (text, sentence) => {
    expect(() => parseStreamingPorts(text)).toThrow(sentence);
  });
});

describe('the streaming ports of a machine', () => {
  const port = async (ports: StreamingPorts) => (await ports.take()).port;

  it('are given out once each, and again when they are free', async () => {
    const ports = new StreamingPorts(parseStreamingPorts('6000-6001'));
    expect(await Promise.all([port(ports), port(ports)])).toEqual([6000, 6001]);
    await expect(ports.take()).rejects.toThrow(
      'None of the 2 ports for streaming jobs is free: 2 are used by executors',
    );
    ports.release(6000);
    expect(await port(ports)).toBe(6000);
  });

  it('that executors of an earlier miner have are not given out', async () => {
    const ports = new StreamingPorts(parseStreamingPorts('6000-6001'));
    ports.occupy(6000);
    expect(await port(ports)).toBe(6001);
  });

  it('that another program has are passed over, where that can be told', async () => {
    const other = net.createServer().listen(0);
    await once(other, 'listening');
    const taken = (other.address() as AddressInfo).port;
    const free = net.createServer().listen(0);
    await once(free, 'listening');
    const next = (free.address() as AddressInfo).port;
    free.close();
    await once(free, 'close');
    const ports = new StreamingPorts(parseStreamingPorts(`${taken},${next}`), canListen);
    expect(await port(ports)).toBe(next);
    other.close();
  });
});
