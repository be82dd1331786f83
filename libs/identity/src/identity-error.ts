/** A key, address or wallet file that cannot be used. The message is a sentence for people and never holds a secret. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}
