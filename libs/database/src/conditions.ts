/** Conditions on rows in SQL, all of which hold, and their parameters. */
export class Conditions {
  private readonly all: string[] = [];
  readonly parameters: unknown[] = [];

  /** Adds nothing where the value is null. @param condition made of the parameter's place, such as $1 */
  add(value: unknown, condition: (parameter: string) => string): void {
    if (value !== null) this.all.push(condition(`$${this.parameters.push(value)}`));
  }

  /** What stands behind `where`. */
  get text(): string {
    return this.all.join(' and ') || 'true';
  }
}
