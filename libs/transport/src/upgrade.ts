import type { IncomingHttpHeaders } from 'node:http';

/** What is known of a connection from its opening request. */
export interface Upgrade {
  /** The named parts of the path, decoded. */
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** The address at the other end of the socket. */
  remoteAddress: string;
}
