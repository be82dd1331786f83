import { InvalidArgumentError } from 'commander';

export const seconds = (text: string): number =>
  whole(text, 1, 1_000_000, 'It is a number of seconds, from 1 on.');
export const port = (text: string): number =>
  whole(text, 0, 65_535, 'A port is 1 to 65535; 0 is any that is free.');
export const count = (text: string): number => whole(text, 1, 10_000, 'It must be 1 to 10000.');

function whole(text: string, least: number, most: number, sentence: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(sentence);
  return value;
}
