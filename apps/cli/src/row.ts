/** A line of output: a name in its column, and what there is to say about it. */
export const row = (name: string, text: string): string => `${name.padEnd(12)} ${text}`;

/** @param value ms */
export const milliseconds = (value: number): string => `${Math.round(value)} ms`;
