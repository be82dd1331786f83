/**
 * Why a pull failed, as the end of a sentence that names the registry. Of the engine's own words only such are passed
 * on as are listed here: the others may be the body of an answer, and a job's user may not read what a service that
 * only this machine reaches has answered.
 *
 * @param loggedIn whether a login for the registry was sent along
 */
export function pullFailure(registry: string, engineWords: string, loggedIn: boolean): string {
  const row = rows.find(({ when }) => when.test(engineWords));
  const known = harmless.exec(engineWords)?.[0];
  const sentence =
    row?.says(registry, loggedIn) ?? `the Docker engine did not get it from the registry ${registry}`;
  return known ? `${sentence} (${known})` : sentence;
}

const login = (registry: string, loggedIn: boolean) =>
  loggedIn
    ? `the registry ${registry} does not let this machine's login have it`
    : `the registry ${registry} asks for a login, and this machine has none for it`;

/** The first that fits counts; the words are those of Docker 20.10 to 28 and of the registries. */
const rows: { when: RegExp; says: (registry: string, loggedIn: boolean) => string }[] = [
  {
    when: /toomanyrequests|429 Too Many/i,
    says: (registry) => `the registry ${registry} takes no more requests of this machine for now`,
  },
  {
    // Docker Hub's answer for what does not exist, and for what is private.
    when: /repository does not exist or may require/i,
    says: (registry, loggedIn) =>
      `the registry ${registry} does not have it, or ${loggedIn ? 'not for the login of this machine' : 'asks for a login, and this machine has none for it'}`,
  },
  {
    when: /manifest unknown|name unknown|repository name not known|manifest for .* not found|\bnot found$/i,
    says: (registry) => `the registry ${registry} has no image of that name and tag`,
  },
  {
    when: /no matching manifest/i,
    says: (registry) => `the registry ${registry} has it for other processors only`,
  },
  { when: /unauthorized|no basic auth credentials|denied|\b401\b|\b403\b|forbidden/i, says: login },
  {
    when: /dial tcp|connection refused|no such host|timeout|timed out|deadline exceeded|network is unreachable|connection reset|\bEOF\b|x509:|tls:|server gave HTTP response to HTTPS client|certificate/i,
    says: (registry) => `the registry ${registry} cannot be reached`,
  },
  { when: /no space left/i, says: () => 'the disk of this machine is full' },
];

/** Words that say what is wrong and cannot carry anything of an answer. */
const harmless = new RegExp(
  [
    'connection refused',
    'connection reset by peer',
    'no such host',
    'network is unreachable',
    'i/o timeout',
    'TLS handshake timeout',
    'context deadline exceeded',
    'unexpected EOF',
    'certificate signed by unknown authority',
    'certificate has expired or is not yet valid',
    'server gave HTTP response to HTTPS client',
    'no basic auth credentials',
    'manifest unknown',
    'name unknown',
    'no matching manifest for [a-z0-9]+/[a-z0-9]+',
    'filesystem layer verification failed',
    'no space left on device',
    'unexpected HTTP status: \\d{3}',
  ].join('|'),
);
