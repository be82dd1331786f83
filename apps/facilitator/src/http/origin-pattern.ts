import { ValidateBy } from 'class-validator';

/** For settings: a list of patterns for origins. */
export const IsOriginPatterns = () =>
  ValidateBy(
    {
      name: 'isOriginPatterns',
      validator: {
        validate: (text) => typeof text === 'string' && readOriginPattern(text) !== null,
        defaultMessage: () => 'each must be a regular expression',
      },
    },
    { each: true },
  );

/** A pattern for the whole of an origin: one that began alike would be another page. Null: the text is none. */
export function readOriginPattern(text: string): RegExp | null {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    return null;
  }
}
