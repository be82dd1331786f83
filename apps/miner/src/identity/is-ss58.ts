import { isSs58 } from '@horde/identity';
import { ValidateBy, type ValidationOptions } from 'class-validator';

/** The field is an SS58 address. */
export const IsSs58 = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isSs58',
      validator: {
        validate: (value) => typeof value === 'string' && isSs58(value),
        defaultMessage: () => 'it must hold SS58 addresses only',
      },
    },
    options,
  );
