import type { Finding } from '../report.ts';

/** What a service is, for a bundle about it. */
export interface SupportFacts {
  service: string;
  settings: new () => object;
  /** The names of its migrations. */
  migrations: string[];
  /** Where the service answers; null: its settings do not say. */
  url(): string | null;
  /** Looks at what the service needs around it; null: it has nothing that looks. */
  doctor: ((tell: (finding: Finding) => void) => Promise<unknown>) | null;
}
