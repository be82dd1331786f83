import { once } from 'node:events';
import net from 'node:net';

const megabyte = 1024 * 1024;

/**
 * Opens websockets that each send the header of a large frame and all of its bytes but the last, and waits until they
 * are closed.
 *
 * @param url what each of them asks for
 * @param size of each frame. @unit bytes
 * @returns by how much the memory of this process, the service's own, has grown at the most. @unit bytes
 */
export async function growthByHalfFrames(url: string, count: number, size: number): Promise<number> {
  const half = Buffer.alloc(size - 1, 'x'); // one for all: it is not to be counted
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  try {
    await Promise.all(Array.from({ length: count }, () => sendHalfFrame(new URL(url), half)));
  } finally {
    clearInterval(sampling);
  }
  return most - before;
}

/** 20 frames of nearly the size that is read of peers that are known. */
export const halfFrames = { count: 20, size: 49 * megabyte, mayGrowBy: 60 * megabyte };

async function sendHalfFrame({ hostname, port, pathname }: URL, half: Buffer): Promise<void> {
  const socket = net.connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  socket.write(
    [
      `GET ${pathname} HTTP/1.1`,
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '\r\n',
    ].join('\r\n'),
  );
  await once(socket, 'data');
  // A text with a mask of zeros: its bytes are those that are sent.
  const header = Buffer.alloc(14);
  header.writeUInt16BE(0x81ff);
  header.writeBigUInt64BE(BigInt(half.length + 1), 2);
  socket.write(header);
  socket.write(half);
  await closed;
}
