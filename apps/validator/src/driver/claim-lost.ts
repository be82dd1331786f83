/** Another run has the job now: this one must not touch it any more. */
export class ClaimLost extends Error {}
