export { IdentityError } from './identity-error.ts';
export type { Signable } from './bytes.ts';
export { isSs58, ss58Decode, ss58Encode } from './ss58.ts';
export { Keypair } from './keypair.ts';
export { verify, verifyHex } from './verify.ts';
export { requestDigest, signRequest, verifyRequest } from './request.ts';
export { walletHotkeyPath } from './wallet-path.ts';
export type { WalletNames } from './wallet-path.ts';
export { ensureHotkey, readHotkey } from './hotkey-file.ts';
