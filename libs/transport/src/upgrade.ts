import type { IncomingHttpHeaders } from 'node:http';

/** What is known of a connection from its opening request. */
export interface Upgrade {
  /** The named parts of the path, decoded. */
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** The address that the peer connects from: the socket's, or what a trusted proxy says. */
  remoteAddress: string;
}
