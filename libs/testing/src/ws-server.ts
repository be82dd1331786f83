import { createServer, type RequestListener, type Server } from 'node:http';
import { WebSocketRouter } from '@horde/transport';
import { freePort } from './free-port.ts';

/** An HTTP server for websockets that can be away for a while and come back on the same port. */
export class WsServer {
  private http: Server | null = null;
  private router = new WebSocketRouter();
  port = 0;

  /** @param answer what it answers to requests that are for no websocket; they get no answer without it */
  constructor(
    private readonly routes: (router: WebSocketRouter) => void,
    private readonly host = '127.0.0.1',
    private readonly answer?: RequestListener,
  ) {}

  async start(): Promise<void> {
    this.router = new WebSocketRouter();
    this.routes(this.router);
    this.port ||= await freePort();
    const http = createServer(this.answer);
    this.router.attach(http);
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(this.port, this.host, resolve);
    });
    this.http = http;
  }

  async stop(): Promise<void> {
    const http = this.http;
    this.http = null;
    if (!http) return;
    const closed = new Promise((resolve) => http.close(resolve));
    await this.router.close();
    http.closeAllConnections();
    await closed;
  }
}
