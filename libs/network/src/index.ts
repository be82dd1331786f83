export { allowSlowAddresses } from './address-attempts.ts';
export { AnswerTooLong, exchange, requestOver } from './exchange.ts';
export { proxyFor } from './proxy.ts';
export { reasonOf } from './reason.ts';
