import { request } from 'node:https';
import { Readable } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { Certificate } from '@horde/network';
import { clientError } from '../client-error.ts';

/** Where a job listens, as its executor says. */
export interface StreamingDetails {
  streaming_server_cert: string;
  streaming_server_address: string;
  streaming_server_port: number;
}

/** What `tls.connect`, `https.request` and the like take to reach the job and nobody else. */
export interface StreamingTls {
  host: string;
  port: number;
  ca: string;
  cert: string;
  key: string;
  checkServerIdentity: (host: string, peer: PeerCertificate) => Error | undefined;
}

export interface StreamingRequest {
  /** @default 'GET' */
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
  signal?: AbortSignal;
}

/** A streaming job that listens. Both ends show a certificate: the user's own, and the one that the executor told of. */
export class StreamingPlace {
  readonly address: string;
  readonly port: number;
  readonly tls: StreamingTls;

  /** @throws HordeClientError BAD_ANSWER when the server's certificate is none */
  constructor(details: StreamingDetails, user: Certificate) {
    this.address = details.streaming_server_address;
    this.port = details.streaming_server_port;
    const pinned = fingerprintOf(details.streaming_server_cert);
    this.tls = {
      host: this.address,
      port: this.port,
      ca: details.streaming_server_cert,
      cert: user.certificate,
      key: user.key,
      // The certificate says who it is; the names in it are those that its executor knew of itself.
      checkServerIdentity: (_host, { fingerprint256 }) =>
        fingerprint256 === pinned ? undefined : new Error("this is not the job's certificate"),
    };
  }

  get url(): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `https://${host}:${this.port}/`;
  }

  /** Asks the job over HTTPS. @param path such as `/generate?n=1` @throws what the connection failed of; the signal's reason */
  fetch(path: string, { method = 'GET', headers, body, signal }: StreamingRequest = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      const options = {
        ...this.tls,
        path: path.startsWith('/') ? path : `/${path}`,
        method,
        headers,
        signal,
      };
      const asked = request({ ...options, agent: false }, (answer) => {
        const { statusCode = 0, rawHeaders } = answer;
        const pairs = rawHeaders.flatMap((name, at): [string, string][] =>
          at % 2 === 0 ? [[name, rawHeaders[at + 1]!]] : [],
        );
        const hasBody = ![101, 204, 205, 304].includes(statusCode);
        if (!hasBody) answer.resume();
        const content = hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array>) : null;
        resolve(new Response(content, { status: statusCode, headers: pairs }));
      });
      asked.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
      if (body instanceof Readable) body.on('error', (error) => asked.destroy(error)).pipe(asked);
      else asked.end(body);
    });
  }
}

function fingerprintOf(certificate: string): string {
  try {
    return new X509Certificate(certificate).fingerprint256;
  } catch {
    throw clientError('BAD_ANSWER', { what: "no certificate, as the job's" });
  }
}
