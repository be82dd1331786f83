/**
 * The system's name for people, from the text of /etc/os-release: what `lsb_release -d` says, such as
 * `Ubuntu 22.04.4 LTS`.
 *
 * @throws Error when it has none
 */
export function parseOsRelease(text: string): string {
  const field = (name: string) =>
    new RegExp(`^${name}=(["']?)(?<value>.*)\\1$`, 'm')
      .exec(text)
      ?.groups?.['value']?.replace(/\\(.)/g, '$1');
  const name = field('PRETTY_NAME') || field('NAME');
  if (!name) throw new Error('/etc/os-release does not name the system.');
  return name;
}
