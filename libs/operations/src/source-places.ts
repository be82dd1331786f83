import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';

/** How long a map is kept after it was read: errors come in crowds, and between them it would only take memory. @unit ms */
const keptFor = 10_000;

const maps = new Map<string, SourceMap | null>();

/**
 * A stack with the places in the sources instead of those in the bundle that was made of them, where a map lies beside the
 * bundle. Node would do so by itself (--enable-source-maps), and keep all of the map in memory from its start.
 */
export function withSourcePlaces(stack: string): string {
  return stack.replace(
    /(?:file:\/\/)?(\/[^\s():]+\.mjs):(\d+):(\d+)/g,
    (place, bundle: string, line: string, column: string) => {
      const entry = mapOf(bundle)?.findEntry(Number(line) - 1, Number(column) - 1);
      // Packages are not in the map: what is found for them has no source.
      if (!entry || !('originalSource' in entry) || entry.originalSource === undefined) return place;
      const source = path.resolve(path.dirname(bundle), entry.originalSource);
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    },
  );
}

function mapOf(bundle: string): SourceMap | null {
  const known = maps.get(bundle);
  if (known !== undefined) return known;
  const map = readMap(bundle);
  maps.set(bundle, map);
  setTimeout(() => maps.delete(bundle), keptFor).unref();
  return map;
}

function readMap(bundle: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return null; // the place in the bundle is better than none
  }
}
