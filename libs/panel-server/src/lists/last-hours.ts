/** @unit ms */
const hour = 3_600_000;
const shown = 24;
/** Of how many jobs of an hour, the newest, that is reckoned for which each has to be looked at. */
export const sampledJobs = 200;
/** So long after its end an hour may get rows that were begun in it. @unit ms */
const late = 600_000;

/**
 * What is reckoned of the last 24 hours, hour by hour. An hour in which nothing can change any more is reckoned once in the
 * life of the process: a day may have a million jobs.
 */
export class LastHours<Row extends { hour: string }> {
  private readonly settled = new Map<number, Row[]>();

  /**
   * @param reckon the rows of these hours, each given by its beginning
   * @param goesOn whether an hour that has this row is to be reckoned again although it is over @default never
   */
  constructor(
    private readonly reckon: (hours: Date[]) => Promise<Row[]>,
    private readonly goesOn: (row: Row) => boolean = () => false,
  ) {}

  /** The oldest hour first; the last one is not over. Hours in which nothing was have no rows. */
  async read(): Promise<Row[]> {
    const now = Date.now();
    const newest = now - (now % hour);
    const hours = Array.from({ length: shown }, (_, at) => newest - (shown - 1 - at) * hour);
    for (const known of this.settled.keys()) if (known < hours[0]!) this.settled.delete(known);
    const open = hours.filter((at) => !this.settled.has(at));
    const found = await this.reckon(open.map((at) => new Date(at)));
    const rows = new Map(this.settled);
    for (const at of open) {
      const its = found.filter((row) => Date.parse(row.hour) === at);
      rows.set(at, its);
      if (at + hour + late < now && !its.some(this.goesOn)) this.settled.set(at, its);
    }
    return hours.flatMap((at) => rows.get(at) ?? []);
  }
}
