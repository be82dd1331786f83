import type { PanelSetting, PanelSettingSource } from '@horde/panel-api';

/** A setting's value, for people. */
export function valueWords(value: unknown, { type, unit }: Pick<PanelSetting, 'type' | 'unit'>): string {
  if (type === 'flag') return value === true ? 'yes' : 'no';
  const words = writtenValue(value, type);
  if (words === '') return type === 'texts' ? 'none' : 'empty';
  return unit === null ? words : `${words} ${unit}`;
}

/** A value as it is written in a field: of several texts each in a line. */
export const writtenValue = (value: unknown, type: PanelSetting['type']): string =>
  type === 'texts' ? (value as string[]).join('\n') : String(value);

/** The value that was written. What is no number goes as it is: the service says what is wrong with it. */
export function readValue(written: string, type: PanelSetting['type']): unknown {
  if (type === 'flag') return written === 'true';
  if (type === 'texts')
    return written
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const isNumber = (type === 'number' || type === 'whole number') && /^\s*-?\d/.test(written);
  return isNumber && !Number.isNaN(Number(written)) ? Number(written) : written;
}

export const sourceWords: Record<PanelSettingSource, string> = {
  operator: 'set here',
  environment: "the service's environment",
  remote: "the network's documents",
  default: 'the default',
};
