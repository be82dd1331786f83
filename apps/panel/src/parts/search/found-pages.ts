/** A page of this panel, as it can be searched for. */
interface SearchablePage {
  /** Where it is: `/jobs`. */
  path: string;
  label: string;
  /** What operators of ComputeHorde's services know it as: "CONSTANCE". */
  alsoCalled: readonly string[];
}

/** Something that was found. */
export interface Found {
  path: string;
  label: string;
  /** What more there is to say of it. */
  detail: string;
}

/** The pages with a name that has this text, those first whose name begins with it. */
export function foundPages(pages: readonly SearchablePage[], text: string): Found[] {
  const wanted = plain(text);
  return pages
    .flatMap((page) => {
      const ranks = [page.label, ...page.alsoCalled].map((name) => rankOf(plain(name), wanted));
      const best = Math.min(...ranks);
      if (best === Infinity) return [];
      const alias = page.alsoCalled[ranks.indexOf(best) - 1];
      return [
        { rank: best, path: page.path, label: page.label, detail: alias ? `also called ${alias}` : 'page' },
      ];
    })
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ rank: _rank, ...found }) => found);
}

const rankOf = (name: string, wanted: string): number =>
  name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : Infinity;

/** "Job feedbacks", "JobFeedback" and "job feedback" are the same words. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
