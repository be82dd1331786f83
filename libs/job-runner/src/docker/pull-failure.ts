/**
 * Why a pull failed, as the end of a sentence that names the registry and ends with the engine's own words.
 *
 * @param loggedIn whether a login for the registry was sent along
 */
export function pullFailure(registry: string, engineWords: string, loggedIn: boolean): string {
  // Addresses of layers and tokens carry signatures in their query strings.
  const words = engineWords.replace(/(https?:\/\/[^\s"?]+)\?[^\s"]*/g, '$1');
  const said = `(${words.replace(/\.$/, '')})`;
  const row = rows.find(({ when }) => when.test(words));
  return row ? `${row.says(registry, loggedIn)} ${said}` : words;
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
