import { SettingsError } from '@horde/settings';

/** Where a service with these settings answers on its own machine; null: they are wrong. */
export function reachedAt(settings: () => { host: string; port: number }): string | null {
  try {
    const { host, port } = settings();
    if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}
