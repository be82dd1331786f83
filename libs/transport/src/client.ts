import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { around, doublingPause } from '@horde/async';
import { extensionsHeader, type Extension } from '@horde/protocol';
import { peerClocks, reasonOf } from '@horde/network';
import { Connection } from './connection.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { limits } from './limits.ts';

export interface ConnectOptions {
  headers?: Record<string, string>;
  /** The extensions to ask for; the connection says which ones the peer picked. @default none */
  extensions?: readonly Extension[];
  /** How many times the connection is tried. @default 5 */
  attempts?: number;
  /** The pause before the second try; it doubles with each try, up to ten seconds, with jitter. @unit ms @default 200 */
  firstPause?: number;
  signal?: AbortSignal;
  /** Called with each fresh connection before any frame can arrive: the place for `serve`. */
  onOpening: (connection: Connection) => void;
}

/** Opens a websocket. Throws the last attempt's error when all failed, or the signal's reason. */
export async function connect(url: string, options: ConnectOptions): Promise<Connection> {
  const { attempts = 5, firstPause = 200, signal } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await open(url, options);
    } catch (error) {
      if (attempt >= attempts) throw error;
      await sleep(pauseBefore(attempt, firstPause), undefined, { signal });
    }
  }
}

/** Doubling pauses with a random part, so that many peers do not come back at the same moment. @unit ms */
export const pauseBefore = (attempt: number, firstPause: number, maxPause = 10_000): number =>
  around(doublingPause(attempt, { first: firstPause, max: maxPause }));

function open(url: string, options: ConnectOptions): Promise<Connection> {
  const offered = options.extensions ?? [];
  const asked = Date.now();
  const socket = new WebSocket(url, {
    headers: {
      ...options.headers,
      ...(offered.length > 0 && { [extensionsHeader]: writeExtensions(offered) }),
    },
    perMessageDeflate: false,
    maxPayload: limits.maxFrame,
    handshakeTimeout: 10_000,
    followRedirects: false,
  });
  return new Promise((resolve, reject) => {
    const abort = () => socket.terminate();
    options.signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', (error) => {
      error.message ||= reasonOf(error); // of several addresses none of which answers
      reject(error);
    });
    socket.once('close', () => {
      options.signal?.removeEventListener('abort', abort);
      reject(new Error(`The connection to ${url} was closed while it was being opened.`));
    });
    let stream: Socket | undefined;
    socket.once('upgrade', (response) => {
      stream = response.socket;
      peerClocks.noteAnswer(new URL(url), response.headers, asked);
      const picked = readExtensions(response.headers[extensionsHeader.toLowerCase()]);
      connection.extensions = new Set(offered.filter((name) => picked.has(name)));
    });
    // Frames may come in the same packet as the end of the handshake, so handlers are set before `open`.
    const connection = new Connection(socket, {
      get bytesRead() {
        return stream?.bytesRead ?? 0;
      },
    });
    options.onOpening(connection);
    socket.once('open', () => {
      options.signal?.removeEventListener('abort', abort);
      resolve(connection);
    });
  });
}
