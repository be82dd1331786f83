/** So many ranges are told; the others are only counted. */
const most = 20;

/** The first ranges of blocks as a text, `7-9, 12`, in SQL. @param multirange of numbers, each a bigint or an integer */
export const rangesText = (multirange: string): string =>
  `(select string_agg(
      lower(run)::text || case when upper(run) - lower(run) > 1 then '-' || (upper(run) - 1) else '' end,
      ', ' order by lower(run)
    ) || case when max(runs) > ${most} then ', …' else '' end
    from (select run, count(*) over () as runs from unnest(${multirange}) run limit ${most}) first)`;
