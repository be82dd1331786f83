import 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** How many cases a check has tried. */
    count?: number;
  }
}
