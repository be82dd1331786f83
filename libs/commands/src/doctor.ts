import { settingsFindings } from './checks/settings.ts';
import { fail, fullReasonOf, type Finding } from './report.ts';

/**
 * Looks at what a service needs around it.
 *
 * @param tell gets each finding when it is there
 * @returns all of them
 */
export type Doctor<C> = (context: C, tell: (finding: Finding) => void) => Promise<Finding[]>;

/** What one service looks at, one check after the other, once its settings could be read. */
type Look<C, S> = (context: C, settings: S, found: (...findings: Finding[]) => void) => Promise<void>;

/** The doctor of a service. It begins with the settings: where they cannot be read there is nothing else to look at. */
export function doctorOf<C extends { settings(): S }, S>(service: string, look: Look<C, S>): Doctor<C> {
  return async (context, tell) => {
    const findings: Finding[] = [];
    const found = (...more: Finding[]) => {
      more.forEach(tell);
      findings.push(...more);
    };
    const { settings, problems } = settingsFindings(service, () => context.settings());
    found(...problems);
    if (!settings) return findings;
    try {
      await look(context, settings, found);
    } catch (error) {
      const fix =
        'What comes after it was not looked at. Mend what the sentence names, and run doctor again.';
      found(fail('doctor', `The next check could not be made: ${fullReasonOf(error)}.`, fix));
    }
    return findings;
  };
}
