/**
 * What this executor has sent to its miner, in order: the first message is number 1. All of it is kept until the end,
 * though it was acknowledged: a miner whose database was put back to an earlier state asks for it again.
 */
export class SentMessages {
  private readonly frames: string[] = [];
  private committed = 0;

  /** The number of the last message; 0: nothing was sent. */
  get last(): number {
    return this.frames.length;
  }

  /** Whether the miner has committed all that was sent. */
  get isCommitted(): boolean {
    return this.committed >= this.last;
  }

  add(frame: string): void {
    this.frames.push(frame);
  }

  frame(number: number): string {
    return this.frames[number - 1]!;
  }

  /** The miner has committed everything up to this number, and what came after it is no longer known. */
  commitTo(number: number): void {
    this.committed = number;
  }

  /** The miner has committed everything up to this number. */
  acknowledge(number: number): void {
    this.committed = Math.min(this.last, Math.max(this.committed, number));
  }
}
