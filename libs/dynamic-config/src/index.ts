export { DynamicConfig, type DynamicConfigOptions, type DynamicSetting } from './dynamic-config.ts';
export { SourceError } from './http-source.ts';
export { flag, textList, wholeNumber, WrongValue, type Key, type Keys, type ValueOf } from './keys.ts';
export { DynamicConfigRefresh } from './refresh.ts';
export { createDynamicConfigTable } from './table.ts';
