import { ValidateBy } from 'class-validator';
import { readWarmExecutors, WrongWarmExecutors } from './warm-wanted.ts';

/** The field is a text that `readWarmExecutors` reads. */
export const IsWarmExecutors = (): PropertyDecorator =>
  ValidateBy({
    name: 'isWarmExecutors',
    validator: {
      validate: (value) => problemOf(String(value)) === null,
      defaultMessage: (field) => `it ${problemOf(String(field?.value))}`,
    },
  });

function problemOf(text: string): string | null {
  try {
    readWarmExecutors(text);
    return null;
  } catch (error) {
    if (error instanceof WrongWarmExecutors) return error.message;
    throw error;
  }
}
