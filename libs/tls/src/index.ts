export { createAcmeTables, dropAcmeTables } from './acme/acme-store.ts';
export { TlsModule } from './tls.module.ts';
export { TlsPort } from './tls-port.ts';
