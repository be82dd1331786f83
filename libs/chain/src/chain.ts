/** The name under which a service's chain is injected. */
export const CHAIN = Symbol('CHAIN');

/** A registered participant of the subnet. */
export interface Neuron {
  uid: number;
  hotkey: string;
  coldkey: string;
  /** Where it can be reached; null when it has announced no address. */
  address: { ip: string; port: number } | null;
  /** @unit alpha, TAO included as the chain weighs it */
  totalStake: number;
  validatorPermit: boolean;
  /** When it last handed in weights, sealed ones included; before the first, when it was registered. @unit blocks */
  lastUpdate: number;
  /** Its part of what the subnet's miners got in the last epoch, 0 to 1; null: that is not told. */
  incentive: number | null;
  /** What it got in the last epoch, as a validator, too; null: that is not told. @unit alpha */
  emission: number | null;
}

export interface Block {
  number: number;
  hash: string;
}

/** What a subnet asks of those who take part. */
export interface Hyperparameters {
  /** An epoch has one block more. @unit blocks */
  tempo: number;
  /** Fewer weights than these are not taken. */
  minAllowedWeights: number;
  /** The largest part of its weights that a validator may give to one neuron. @unit 1/65535 */
  maxWeightLimit: number;
  /** Weights are handed in sealed, and opened later. */
  commitRevealEnabled: boolean;
}

/**
 * What the services read from the chain: who is who, their stakes and addresses, what they have committed. The
 * services' only way to it.
 *
 * Promises, checked for every adapter by `chainConformance()`:
 * - blocks never go back, and a block keeps its hash;
 * - an answer is of one block, and what it says of an older block stays as it was;
 * - a participant without an address has `null`, never an address that leads nowhere;
 * - whatever goes wrong is a `ChainError`.
 */
export interface Chain {
  latestBlock(): Promise<Block>;
  /**
   * The hash of a block. Not there where it is told only with all neurons of the block: `validators` has it then.
   *
   * @param block its number. One that is not there is a ChainError
   */
  blockHash?(block: number): Promise<string>;
  /**
   * When a block was made, to the millisecond as the chain has it: who reckons with rounded times comes to other sums
   * than the others. null where the way to the chain does not tell it: an older Pylon does not.
   *
   * @param block its number. One that is not there is a ChainError
   * @returns ms since 1970
   */
  blockTime(block: number): Promise<number | null>;
  /**
   * All neurons at a block, and that block.
   *
   * @param block its number; default the newest. One that is not there is a ChainError
   */
  neurons(block?: number): Promise<{ block: Block; neurons: Neuron[] }>;
  /** The neurons that may validate, largest stake first; as `neurons` otherwise. */
  validators(block?: number): Promise<{ block: Block; validators: Neuron[] }>;
  /** A hotkey's commitment as text (bytes that are no UTF-8 become U+FFFD); null when it has none. */
  commitment(hotkey: string): Promise<string | null>;
  /** All commitments as of the newest block, and that block: hotkey -> text, as `commitment` gives it. */
  commitments(): Promise<{ block: Block; commitments: Map<string, string> }>;
  /** The subnet's, as of now. Not there where the way to the chain does not tell them: Pylon does not. */
  hyperparameters?(): Promise<Hyperparameters>;
}

/** A chain that also writes, in the name of one hotkey. */
export interface SigningChain extends Chain {
  /**
   * The own commitment as text; null when there is none.
   *
   * @throws ChainError when it is no UTF-8 text: writing it back would damage it
   */
  ownCommitment(): Promise<string | null>;
  /** Replaces the own commitment. At least 1, at most `commitmentLimit` bytes of UTF-8. Resolves when the chain has it. */
  setCommitment(text: string): Promise<void>;
  /**
   * Hands in weights by hotkey, in any unit: the chain takes their proportions. Resolves when they are accepted, which
   * is before the chain has them.
   */
  setWeights(weights: ReadonlyMap<string, number>): Promise<void>;
  /**
   * The own certificate, an Ed25519 public key of 32 bytes; null when there is none, or Pylon could not read it: it
   * answers both in the same way.
   */
  ownCertificate(): Promise<Buffer | null>;
  /**
   * Makes a pair of keys, and its public one the own certificate in place of the last. The private one is told once and
   * kept nowhere. Resolves when the chain has the other.
   */
  makeCertificate(): Promise<CertificateKeys>;
  /**
   * Writes where the own hotkey can be reached; that it is there already is fine. Resolves when the chain has it. Not
   * there where the way to the chain cannot do it: Pylon cannot.
   *
   * @param address an IP address and a port of 1 to 65535
   */
  announce?(address: { ip: string; port: number }): Promise<void>;
}

/** An Ed25519 certificate as the chain has it, and what opens what is sealed for it. @shape 32 bytes each */
export interface CertificateKeys {
  publicKey: Buffer;
  privateKey: Buffer;
}

/** The chain holds no longer commitment. @unit bytes */
export const commitmentLimit = 128;

/**
 * - `unreachable`: no answer, or one that says that there is none now; the same call may succeed later
 * - `refused`: it answered that it will not; it will say so again
 * - `absent`: it answered that what was asked for is not there: a block that it does not have, or no longer
 * - `unreadable`: it answered, but not in a form that can be understood
 */
export type ChainErrorKind = 'unreachable' | 'refused' | 'absent' | 'unreadable';

/** The chain cannot be asked. The sentence names the address, never a token. */
export class ChainError extends Error {
  override readonly name = 'ChainError';

  constructor(
    readonly kind: ChainErrorKind,
    sentence: string,
  ) {
    super(sentence);
  }
}
