export {
  DynamicConfig,
  type DescribedSetting,
  type DynamicConfigOptions,
  type DynamicSetting,
  type SettingChange,
} from './dynamic-config.ts';
export { mapContract } from './contract-source.ts';
export { webDocuments } from './http-source.ts';
export {
  amount,
  decimal,
  flag,
  text,
  textList,
  wholeNumber,
  type Key,
  type Keys,
  type ValueOf,
} from './keys.ts';
export { DynamicConfigRefresh } from './refresh.ts';
export { keptConfigChanges, type ConfigChange } from './history.ts';
export { createDynamicConfigChangeTable, createDynamicConfigTable } from './table.ts';
export { SourceError, type ConfigSource } from './source.ts';
export { sourceOf } from './source-of.ts';
