import ssh2 from 'ssh2';

/** A pair of keys in OpenSSH's form. Of ssh2's own Ed25519 keys one in some 200 cannot be read: those are passed over. */
export function generateSshKey(type: 'ed25519' | 'ecdsa' = 'ed25519'): { private: string; public: string } {
  for (;;) {
    const pair =
      type === 'ecdsa'
        ? ssh2.utils.generateKeyPairSync(type, { bits: 256 })
        : ssh2.utils.generateKeyPairSync(type);
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
