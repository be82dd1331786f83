import type { Finding } from '../report.ts';

/** What a service is, for a bundle about it. */
export interface SupportFacts {
  service: string;
  settings: new () => object;
  /** Variables beside the settings that it passes on to what it starts. */
  passedOn?: (environment: Record<string, string | undefined>) => string[];
  /** The names of its migrations. */
  migrations: string[];
  /** Where the service answers; null: its settings do not say. */
  url(): string | null;
  /** Looks at what the service needs around it; null: it has nothing that looks. */
  doctor: ((tell: (finding: Finding) => void) => Promise<unknown>) | null;
}
