import { getMetadataStorage } from 'class-validator';
import { fieldsOf, isClosed, staysAbsent, type Field, type WireClass } from './fields.ts';

type Rule = (value: unknown, object: object) => boolean;

/** What reading one field needs, looked up once. */
export interface FieldPlan extends Field {
  /** Whether the object is wrong without it. */
  required: boolean;
  /** Whether it stays undefined when the peer left it out. */
  keepAbsent: boolean;
  initial: unknown;
  rules: readonly Rule[];
}

/** What reading one class needs. */
export interface ClassPlan {
  fields: readonly FieldPlan[];
  /** The keys that are known; null when unknown ones are ignored. */
  known: ReadonlySet<string> | null;
  /** What a fresh object holds: the defaults, and undefined where there is none. */
  initial: Readonly<Record<string, unknown>>;
}

const plans = new WeakMap<object, ClassPlan>();

/** The plan of a class, made when it is read for the first time. */
export function planOf(type: WireClass): ClassPlan {
  const known = plans.get(type);
  if (known) return known;
  const initial = { ...new type() } as Record<string, unknown>;
  const fields = fieldsOf(type).map((field): FieldPlan => {
    const keepAbsent = staysAbsent(type, field.name);
    return {
      ...field,
      keepAbsent,
      required: initial[field.name] === undefined && !keepAbsent,
      initial: initial[field.name],
      rules: rulesOf(type, field.name),
    };
  });
  const names = fields.flatMap(({ name, aliases }) => [name, ...aliases.map((alias) => alias.name)]);
  const plan = { fields, known: isClosed(type) ? new Set(names) : null, initial };
  plans.set(type, plan);
  return plan;
}

/**
 * The rules that class-validator's decorators have declared for a field, as bare functions. `validateSync` gathers
 * them anew from the rules of all classes for each object, which takes several times as long as all the rest of
 * reading; it still makes the sentences when a rule is broken.
 */
function rulesOf(type: WireClass, property: string): Rule[] {
  const storage = getMetadataStorage();
  return storage
    .getTargetValidationMetadatas(type, '', false, false)
    .filter((metadata) => metadata.propertyName === property && metadata.constraintCls)
    .flatMap((metadata) =>
      storage.getTargetValidatorConstraints(metadata.constraintCls).map(({ instance }): Rule => {
        const { constraints } = metadata;
        // One object for all calls: rules are asked one after another, and none of them keeps it.
        const facts = {
          value: null as unknown,
          object: type as object,
          property,
          targetName: type.name,
          constraints,
        };
        const passes = (value: unknown, object: object): boolean => {
          facts.value = value;
          facts.object = object;
          return instance.validate(value, facts) as boolean;
        };
        return metadata.each ? (value, object) => everyItem(value, (item) => passes(item, object)) : passes;
      }),
    );
}

function everyItem(value: unknown, passes: (item: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.every(passes);
  if (value instanceof Map) return [...(value as Map<unknown, unknown>).values()].every(passes);
  return passes(value);
}
