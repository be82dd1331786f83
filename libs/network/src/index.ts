export { allowSlowAddresses } from './address-attempts.ts';
export { reasonOf } from './reason.ts';
