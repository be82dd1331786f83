import type { GpuDetails } from '@horde/protocol';

/** Fields asked of nvidia-smi. Old drivers do not know `compute_cap`, and refuse the whole question. */
export const gpuFields = [
  'name',
  'driver_version',
  'memory.total',
  'compute_cap',
  'power.limit',
  'clocks.gr',
  'clocks.mem',
  'uuid',
  'serial',
];

/** Where each fact stands, by the names that nvidia-smi heads its columns with. */
const columns: Record<keyof GpuDetails, string[]> = {
  name: ['name', 'gpu_name'],
  driver: ['driver_version'],
  capacity: ['memory.total'],
  cuda: ['compute_cap'],
  power_limit: ['power.limit'],
  graphics_speed: ['clocks.current.graphics', 'clocks.gr'],
  memory_speed: ['clocks.current.memory', 'clocks.mem'],
  uuid: ['uuid', 'gpu_uuid'],
  serial: ['serial', 'gpu_serial'],
};
const withUnit = new Set<string>(['capacity', 'power_limit', 'graphics_speed', 'memory_speed']);

/**
 * Reads what `nvidia-smi --query-gpu=name,… --format=csv` prints: a line that heads the columns, and one for each GPU.
 * Warnings before and after are passed over. What a GPU does not tell, in whichever words, is null.
 *
 * @throws Error when it is no such table
 */
export function parseGpus(text: string): GpuDetails[] {
  const lines = text.split(/\r?\n/);
  const headAt = lines.findIndex((line) => /^(gpu_)?name\s*,.*\b(gpu_)?uuid\b/.test(line));
  if (headAt === -1) {
    if (/no devices (were )?found/i.test(text)) return [];
    throw new Error(
      `nvidia-smi printed no table of GPUs: ${text.trim().slice(0, 300) || 'it printed nothing'}`,
    );
  }
  const heads = cells(lines[headAt]!).map((head) => head.replace(/\s*\[.*\]$/, ''));
  return lines
    .slice(headAt + 1)
    .map(cells)
    .filter((row) => row.length >= heads.length)
    .map((row) => {
      const more = row.length - heads.length; // only the first column, the name, is free text
      return gpu(heads, more > 0 ? [row.slice(0, more + 1).join(', '), ...row.slice(more + 1)] : row);
    });
}

function gpu(heads: string[], row: string[]): GpuDetails {
  const facts = Object.entries(columns).map(([fact, names]) => {
    const value = row[heads.findIndex((head) => names.includes(head))];
    return [fact, told(value, withUnit.has(fact))];
  });
  return Object.fromEntries(facts) as GpuDetails;
}

/** A number comes with its unit (`48685 MiB`), in some locales with a comma; the unit is known by the column. */
function told(value: string | undefined, isNumber: boolean): string | null {
  if (!value || /^\[.*\]$/.test(value) || value === 'N/A' || value === 'Not Supported') return null;
  return isNumber ? value.split(' ')[0]!.replace(',', '.') : value;
}

// Always with a blank after the comma, unlike the comma within a number.
const cells = (line: string) => line.split(/,\s+/).map((cell) => cell.trim());
