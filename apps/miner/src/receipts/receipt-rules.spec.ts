import { Keypair, verifyHex } from '@horde/identity';
import {
  parseJson,
  readVariant,
  receiptPayloadClasses,
  receiptText,
  type ReceiptPayload,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { countersigned, receiptProblem } from './receipt-rules.ts';

const miner = Keypair.fromSeed(new Uint8Array(32).fill(8));
const between = {
  miner: miner.address,
  validator: '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy',
  now: Date.UTC(2026),
};

const read = (text: string) =>
  readVariant<ReceiptPayload>('receipt_type', receiptPayloadClasses(), parseJson(text));

/** Made and signed with ComputeHorde's own packages. */
const vectors = {
  started: {
    text: `{"executor_class": "always_on.llm.a6000", "is_organic": true, "job_uuid": "5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11", "miner_hotkey": "5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo", "receipt_type": "JobStartedReceipt", "timestamp": "2025-01-02T03:04:05.000123Z", "ttl": 7, "validator_hotkey": "5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy"}`,
    signature:
      '0x0876a0cfe819af8acb59c92e294a4469cea2374b13aa3871c1f084f8c875d87a167eb800162ca3787371a0732ea3ce511660996b55904304c7aa18e559276c82',
  },
  accepted: {
    text: `{"job_uuid": "5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11", "miner_hotkey": "5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo", "receipt_type": "JobAcceptedReceipt", "time_accepted": "2025-01-02T03:04:05.500000Z", "timestamp": "2025-01-02T03:04:05Z", "ttl": 100, "validator_hotkey": "5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy"}`,
    signature:
      '0x60f9f3882cb34159c4df45cf19b775e623829a6dd4fbc0a9319a6a371955f942e7b3ae83c223134a110e0270f68bd52d8a332ed322fed1bd8315dbdc15a1de8a',
  },
  finished: {
    text: `{"block_numbers": [1, 2], "job_uuid": "5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11", "miner_hotkey": "5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo", "receipt_type": "JobFinishedReceipt", "score_str": "1.500000", "time_started": "2025-01-02T03:04:05.500000Z", "time_took_us": 12, "timestamp": "2025-01-02T03:04:05Z", "validator_hotkey": "5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy"}`,
    signature:
      '0xe89fc3f33e901d3c7642e9394f6862e728ba70966dcac5df1e3a6de45ccca97de17780eacfee6f8e34b39256756e26b689ea4029e6aca2bacd360ad97d2a6083',
  },
  'finished without block numbers': {
    text: `{"job_uuid": "5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11", "miner_hotkey": "5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo", "receipt_type": "JobFinishedReceipt", "score_str": "0.000000", "time_started": "2025-01-02T03:04:05.500000Z", "time_took_us": 12, "timestamp": "2025-01-02T03:04:05Z", "validator_hotkey": "5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy"}`,
    signature:
      '0xd27dc2522aa5b6084fffb60ae9ca5a17e92dec5b38255d396c4cbe289c9869453c93e32e185fc19d96dace93460f0cc4af6c0abd1349f9992080e8f0d17f0d8c',
  },
};

describe.each(Object.entries(vectors))(
  'a receipt that ComputeHorde has signed: %s',
  (_name, { text, signature }) => {
    const payload = read(text);

    it('is good, and signed with the same text', () => {
      expect(receiptProblem(payload, signature, between)).toBeNull();
      expect(receiptText(payload)).toBe(text);
    });

    it('is countersigned over the same text', () => {
      const stored = countersigned(payload, signature, miner);
      expect(stored).toMatchObject({
        payload: text,
        validator_signature: signature,
        receipt_type: payload.receipt_type,
      });
      expect(verifyHex(text, stored.miner_signature, miner.address)).toBe(true);
    });

    it('is refused when anything in it was changed', () => {
      const changed = read(text.replace('03:04:05', '03:04:06'));
      expect(receiptProblem(changed, signature, between)).toMatch(/signature/);
    });

    it('is refused when it is of later than in an hour', () => {
      const anHourBefore = Date.UTC(2025, 0, 2, 2, 4, 5);
      expect(receiptProblem(payload, signature, { ...between, now: anHourBefore })).toBeNull();
      expect(receiptProblem(payload, signature, { ...between, now: anHourBefore - 1 })).toMatch(
        /more than an hour ahead/,
      );
    });

    it('is refused by another miner, and from another validator', () => {
      expect(receiptProblem(payload, signature, { ...between, miner: '5Other' })).toMatch(/for the miner/);
      expect(receiptProblem(payload, signature, { ...between, validator: '5Other' })).toMatch(
        /of the validator/,
      );
    });
  },
);
