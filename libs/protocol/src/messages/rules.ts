import { ValidateBy, type ValidationOptions } from 'class-validator';

/** A rule of class-validator with its sentence, which follows the field's name. */
const rule = (
  name: string,
  passes: (value: unknown) => boolean,
  sentence: string,
  options?: ValidationOptions,
): PropertyDecorator =>
  ValidateBy(
    { name, validator: { validate: passes, defaultMessage: () => `$property ${sentence}` } },
    options,
  );

/**
 * At most so many UTF-16 units. class-validator's own MaxLength counts characters as people see them, which takes
 * longer the longer a text is; a limit has to be cheap.
 */
export const AtMostCharacters = (limit: number, options?: ValidationOptions) =>
  rule(
    'atMostCharacters',
    (value) => typeof value === 'string' && value.length <= limit,
    `must have at most ${limit} characters`,
    options,
  );

/** A list or map of at most so many entries; anything else passes. */
export const AtMostEntries = (limit: number) =>
  rule(
    'atMostEntries',
    (value) => (value instanceof Map ? value.size : Array.isArray(value) ? value.length : 0) <= limit,
    `must have at most ${limit} entries`,
  );

/** A text that a pattern matches. */
export const Matching = (pattern: RegExp, sentence: string) =>
  rule('matching', (value) => typeof value === 'string' && pattern.test(value), sentence);

/** What a function finds wrong with a text (a sentence), or null. */
export const Passing = (problem: (text: string) => string | null) =>
  ValidateBy({
    name: 'passing',
    validator: {
      validate: (value) => problem(value as string) === null,
      defaultMessage: (facts) => `$property ${problem(facts!.value as string)}`,
    },
  });
