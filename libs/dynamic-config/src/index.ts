export { DynamicConfig, type DynamicConfigOptions, type DynamicSetting } from './dynamic-config.ts';
export { documentsOf } from './documents-of.ts';
export { SourceError } from './http-source.ts';
export {
  amount,
  decimal,
  flag,
  text,
  textList,
  wholeNumber,
  WrongValue,
  type Key,
  type Keys,
  type ValueOf,
} from './keys.ts';
export { DynamicConfigRefresh } from './refresh.ts';
export { createDynamicConfigTable } from './table.ts';
