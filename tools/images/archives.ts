/** Where a distribution has its packages, as apt is told. */
export interface Archive {
  host: string;
  /** The folder there, which is the distribution's name in os-release. */
  name: string;
  parts: string;
  /** What comes behind a codename for what was mended after the release. */
  later: string[];
}

/** The archives of the distributions that the install scripts know, by their names in os-release. */
export const archives = {
  debian: { host: 'deb.debian.org', name: 'debian', parts: 'main', later: [] },
  ubuntu: {
    host: 'archive.ubuntu.com',
    name: 'ubuntu',
    parts: 'main universe',
    later: ['updates', 'security'],
  },
} satisfies Record<string, Archive>;

export const addressOf = ({ host, name }: Archive): string => `http://${host}/${name}`;

/** @param codename such as `bookworm` */
export const suitesOf = ({ later }: Archive, codename: string): string[] => [
  codename,
  ...later.map((one) => `${codename}-${one}`),
];
