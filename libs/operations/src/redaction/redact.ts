/** What stands for a secret. */
export const secret = '[secret]';

/** Names of what must not be seen: of variables, options, headers and fields. */
const names =
  '(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie|mnemonic|seed[_-]?phrase)';
const uuid = String.raw`[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}`;

/**
 * In this order: what is found first cannot be found again by a rule behind it. Each repetition has a bound, or begins at
 * what cannot be within it: the texts are strangers', and a rule must not try the same part of one again and again.
 */
const rules: [RegExp, string | ((...found: string[]) => string)][] = [
  // Certificates and keys, also cut off, or with their lines as \n.
  [
    /-----BEGIN ([A-Z\d ]{1,40})-----[\s\S]*?(?:-----END [A-Z\d ]{1,40}-----|$)/g,
    (_, what) => `[${what!.toLowerCase()}]`,
  ],
  [/\b([a-z][a-z\d+.-]{0,20}:\/\/)([^\s"'<>\\`]+)/gi, (_, scheme, rest) => `${scheme}${address(rest!)}`],
  // A query without its address.
  [/\?[\w.%[\]~-]{1,100}=[^\s"'<>\\`]*/g, `?${secret}`],
  [/\b(bearer|basic|digest|negotiate)(\s{1,8})[\w.~+/=-]{8,}/gi, `$1$2${secret}`],
  // As Hugging Face, GitHub, GitLab, Slack, npm, OpenAI, AWS and Google write theirs; signed JSON.
  [
    /\b(?:hf_|api_org_|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|npm_|sk-|AKIA|ASIA|ya29\.|AIza)[\w.-]{8,}/g,
    secret,
  ],
  [/\beyJ[\w-]{8,200}\.[\w-]+(?:\.[\w-]*)?/g, secret],
  // An executor's.
  [new RegExp(String.raw`\b(?:${uuid}|warm)-${uuid}\b`, 'gi'), secret],
  // Signatures of 64 bytes.
  [/\b(?:0x)?[\da-f]{128}\b/gi, '[signature]'],
  [/(?<![\w+/])[\w+/]{86}==/g, '[signature]'],
  [
    new RegExp(String.raw`(--[\w-]{0,40}?${names}[\w-]{0,40})(\s{1,8})(?!-)[^\s"'\\]+`, 'gi'),
    `$1$2${secret}`,
  ],
  [
    new RegExp(
      String.raw`(${names}[\w.-]{0,40})(\\?["']?\s{0,8}[=:]\s{0,8}\\?["']?)(?!\[)[^\s"'&,;<>\\}]+`,
      'gi',
    ),
    `$1$2${secret}`,
  ],
];

/**
 * A text without what must not be seen: tokens, values of variables and options with such names, user names, passwords,
 * queries and fragments of URLs, certificates and keys, signatures. A secret that has neither a form nor a name of its own
 * cannot be told from other text: `redactJson` knows where such stand in messages.
 */
export function redact(text: string): string {
  return rules.reduce((left, [pattern, instead]) => left.replace(pattern, instead as string), text);
}

/** Whether a field or a variable of this name holds what must not be seen. */
export const isSecretName = (name: string): boolean => secretName.test(name);
const secretName = new RegExp(names, 'i');

/** What is behind `scheme://`, without its user, its query and its fragment. */
function address(rest: string): string {
  const [place = '', ...query] = rest.split(/[?#]/);
  const slash = place.indexOf('/');
  const host = slash < 0 ? place : place.slice(0, slash);
  const at = host.lastIndexOf('@');
  const shown = at < 0 ? place : `${secret}@${place.slice(at + 1)}`;
  return query.length > 0 ? `${shown}?${secret}` : shown;
}
