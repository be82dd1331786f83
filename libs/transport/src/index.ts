export { connect, type ConnectOptions } from './client.ts';
export { Connection, type Closed, type ServeOptions } from './connection.ts';
export { DurableLink, type DurableEnd, type Pending } from './durable-link.ts';
export { extensions, type Extension } from './extensions.ts';
export { limits } from './limits.ts';
export { Link, type LinkOptions } from './link.ts';
export { WebSocketRouter, type RouteOptions, type Upgrade } from './server.ts';
