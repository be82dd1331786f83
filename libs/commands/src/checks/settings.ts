import { SettingsError } from '@horde/settings';
import { fail, ok, type Finding } from '../report.ts';

/** Whether a service's settings can be read. @returns also them; null: nothing else can be looked at */
export function settingsFindings<S>(
  service: string,
  read: () => S,
): { settings: S | null; problems: Finding[] } {
  const check = 'settings';
  try {
    return { settings: read(), problems: [ok(check, 'All are there, and can be meant.')] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const fix = `Set it in the environment of the ${service}; nothing else is looked at before.`;
    return { settings: null, problems: error.sentences.map((sentence) => fail(check, sentence, fix)) };
  }
}
