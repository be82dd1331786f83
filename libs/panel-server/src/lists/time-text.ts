/** A time in an answer, in SQL: ISO 8601 with microseconds. @param column of type `timestamptz` */
export const timeText = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
