import { fail, fullReasonOf, type Finding } from '@horde/commands';
import { HostKeyRefused, type SshTarget } from '@horde/executor-manager';

/** A host was not reached; what to say of that. */
export function notReached(error: unknown, target: SshTarget, publicKey: string): Finding {
  const check = 'ssh';
  const { host, port, username, keyPath } = target;
  const { code, level } = error as { code?: string; level?: string };
  if (error instanceof HostKeyRefused && error.unknown !== null)
    return fail(
      'host key',
      `${host} port ${port} shows a key that is not known: ${error.unknown}.`,
      `Compare it with what the host itself says (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), and type the same line with --host-key ${error.unknown}`,
    );
  if (error instanceof HostKeyRefused)
    return fail('host key', error.message, 'Find out why before anything else.');
  if (level === 'client-authentication')
    return fail(
      check,
      `${host} does not let ${username} in with the key ${keyPath}.`,
      `From a machine that may log in there: echo '${publicKey}' | ssh -p ${port} ${username}@${host} 'mkdir -p -m 700 ~/.ssh && cat >>~/.ssh/authorized_keys'`,
    );
  const says = `${host} port ${port} cannot be reached: ${fullReasonOf(error)}.`;
  if (code === 'ECONNREFUSED')
    return fail(check, says, 'Start sshd there, or name its port with --ssh-port.');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail(check, says, 'Name the host by an address, or by a name that this machine can look up.');
  return fail(check, says, 'Look at its address, at whether it runs, and at the firewalls in between.');
}
