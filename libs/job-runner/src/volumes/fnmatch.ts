/** One place of a pattern: any run of characters, or one character that passes. */
type Place = '*' | ((character: string) => boolean);

/**
 * Whether a whole text matches a pattern, as Python's `fnmatch.fnmatchcase`: `*` any run, `/` included; `?` any one
 * character; `[seq]`, `[!seq]` one character in it or not; all else itself. Takes time in the product of the two
 * lengths at most.
 */
export function fnmatch(text: string, pattern: string): boolean {
  const characters = [...text];
  const places = placesOf(pattern);
  let at = 0;
  let place = 0;
  // Where to go on after a mismatch: the last star, one character later than before.
  let star = -1;
  let from = 0;
  while (at < characters.length) {
    const here = places[place];
    if (here === '*') {
      star = place++;
      from = at;
    } else if (here?.(characters[at]!)) {
      at++;
      place++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++from;
    } else {
      return false;
    }
  }
  return places.slice(place).every((rest) => rest === '*');
}

/**
 * Whether a repository's file is among those asked for, as huggingface_hub's `filter_repo_objects` does it: one of
 * the patterns matches its whole path; a pattern that ends with `/` means all below that folder; null: every file is.
 */
export function allows(path: string, patterns: string | string[] | null): boolean {
  if (patterns === null) return true;
  return [patterns].flat().some((pattern) => fnmatch(path, pattern.endsWith('/') ? `${pattern}*` : pattern));
}

function placesOf(pattern: string): Place[] {
  const characters = [...pattern];
  const places: Place[] = [];
  for (let at = 0; at < characters.length; at++) {
    const here = characters[at]!;
    const end = here === '[' ? endOfSet(characters, at + 1) : -1;
    if (here === '*') {
      if (places.at(-1) !== '*') places.push('*');
    } else if (here === '?') {
      places.push(() => true);
    } else if (end >= 0) {
      places.push(oneOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      places.push((character) => character === here);
    }
  }
  return places;
}

/** Where the set's `]` stands; one that comes first belongs to the set. -1: the `[` opens none. */
function endOfSet(characters: string[], start: number): number {
  let at = start;
  if (characters[at] === '!') at++;
  return characters.indexOf(']', at + 1);
}

function oneOf(set: string[]): (character: string) => boolean {
  const negated = set[0] === '!';
  const ranges: [low: number, high: number][] = [];
  for (let at = negated ? 1 : 0; at < set.length; at++) {
    const low = set[at]!.codePointAt(0)!;
    const isRange = set[at + 1] === '-' && at + 2 < set.length;
    ranges.push([low, isRange ? set[at + 2]!.codePointAt(0)! : low]);
    if (isRange) at += 2;
  }
  return (character) => {
    const point = character.codePointAt(0)!;
    return ranges.some(([low, high]) => low <= point && point <= high) !== negated;
  };
}
