import type { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { WindowRules } from '../scoring/window.ts';

/** When weights may be handed in, as the settings say now. */
export const windowRules = (config: ValidatorConfig): WindowRules => ({
  commitReveal: config.get('DYNAMIC_COMMIT_REVEAL_WEIGHTS_ENABLED'),
  interval: config.get('DYNAMIC_COMMIT_REVEAL_WEIGHTS_INTERVAL'),
  startOffset: config.get('DYNAMIC_COMMIT_REVEAL_COMMIT_START_OFFSET'),
  endBuffer: config.get('DYNAMIC_COMMIT_REVEAL_COMMIT_END_BUFFER'),
});
