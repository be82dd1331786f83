import { invariants, type Invariant } from './options.ts';

/** How often each invariant was checked, and where it did not hold. */
export class Findings {
  private readonly checks = new Map<Invariant, number>(invariants.map((invariant) => [invariant, 0]));
  private readonly violations = new Map<Invariant, string[]>(invariants.map((invariant) => [invariant, []]));

  /** @param what is wrong if it does not hold */
  check(invariant: Invariant, holds: boolean, what: () => string): void {
    this.checks.set(invariant, this.checks.get(invariant)! + 1);
    if (!holds) this.violations.get(invariant)!.push(what());
  }

  /** How often it was checked. */
  count(invariant: Invariant): number {
    return this.checks.get(invariant)!;
  }

  /** Where it did not hold. */
  of(invariant: Invariant): readonly string[] {
    return this.violations.get(invariant)!;
  }

  /** Those that did not hold. */
  get broken(): Invariant[] {
    return invariants.filter((invariant) => this.of(invariant).length > 0);
  }
}
