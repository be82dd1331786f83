/** Where values come from that somebody else than the operator sets. */
export interface ConfigSource {
  /**
   * What it says of these keys: documents in ComputeHorde's form, `{KEY: {items: [{value, effective_from}]}}`, the later
   * one to win.
   *
   * @throws SourceError when it cannot be had
   */
  read(keys: readonly string[]): Promise<object[]>;
}

/** A source cannot be had. The sentence names its address without anything secret. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
