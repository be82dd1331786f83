export { connect, type ConnectOptions } from './client.ts';
export { Connection, type Closed, type ServeOptions } from './connection.ts';
export { limits } from './limits.ts';
export { Link, type LinkOptions } from './link.ts';
export { WebSocketRouter, type Upgrade } from './server.ts';
