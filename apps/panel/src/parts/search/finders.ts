import { ask } from '../../api.ts';

/** A record that somebody may mean. */
interface FoundRecord {
  id: string;
  /** What it is, and how it is: `job, Completed`. */
  detail: string;
}

/** Finds records of a resource by what somebody has typed; `options.find` of a `Resource`. */
export type Finder = (text: string) => Promise<FoundRecord[]>;

/** So many of one kind are shown. */
const most = 5;

/** Jobs by the beginning of their uuid. */
export const findJobs: Finder = async (text) => {
  if (!/^[\da-f][\da-f-]{3,35}$/i.test(text)) return [];
  const { results } = await ask<{ results: { uuid: string; status_label: string }[] }>(
    `jobs?uuid_prefix=${text}&page_size=${most}`,
  );
  return results.map(({ uuid, status_label }) => ({ id: uuid, detail: `job, ${status_label}` }));
};

/** Records that are named by a hotkey, by its beginning. @param noun what one of them is: `validator` */
export const findByHotkey =
  (resource: string, noun: string): Finder =>
  async (text) => {
    if (!/^5[1-9A-HJ-NP-Za-km-z]{1,47}$/.test(text)) return [];
    const { results } = await ask<{ results: { hotkey: string }[] }>(resource);
    return results
      .filter(({ hotkey }) => hotkey.startsWith(text))
      .slice(0, most)
      .map(({ hotkey }) => ({ id: hotkey, detail: noun }));
  };
