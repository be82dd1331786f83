/** A hotkey's wish to be let into a service's panel. */
export interface PanelLogin {
  /** Who signs. */
  hotkey: string;
  /** Where its browser finds the panel: `https://panel.example`, `http://127.0.0.1:9000`. */
  origin: string;
  /** The service's name: `validator`. */
  service: string;
  /** 32 random bytes in base64url; each counts once. */
  nonce: string;
  /** When it was signed; it counts for a minute. @unit ms since 1970 */
  at: number;
}

/**
 * What a hotkey signs for it. It begins like no other text that is signed, and is longer than the 64 bytes that stand for a
 * request; logins at a facilitator sign hexadecimal digits first, receipts and messages JSON.
 */
export const panelLoginText = ({ hotkey, origin, service, nonce, at }: PanelLogin): string =>
  `horde-panel-login-1\n${origin}\n${service}\n${hotkey}\n${nonce}\n${at}`;
