/** An answer of another shape than it must have; the message says which part. */
export class AnswerError extends Error {}
