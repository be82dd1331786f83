/** The catalogue's rows, under the name that they have in this library. */
export { errors as failures, JobFailure } from '@horde/protocol';
