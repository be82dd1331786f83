export { allowSlowAddresses } from './address-attempts.ts';
export { isPublicAddress } from './addresses.ts';
export { makeCertificate, type Certificate } from './certificate.ts';
export { AnswerTooLong, exchange, requestOver } from './exchange.ts';
export { proxyFor } from './proxy.ts';
export { reasonOf } from './reason.ts';
