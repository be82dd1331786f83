export { allowSlowAddresses } from './address-attempts.ts';
export { isPublicAddress } from './addresses.ts';
export { makeCertificate, type Certificate } from './certificate.ts';
export { AnswerTooLong, exchange, requestOver } from './exchange.ts';
export { clockInWords, PeerClocks, peerClocks, peersInWords } from './peer-clocks.ts';
export { proxyFor } from './proxy.ts';
export { reasonOf } from './reason.ts';
