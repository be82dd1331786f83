import { describe, expect, it } from 'vitest';
import { verifyHex } from '@horde/identity';
import {
  JobAcceptedPayload,
  JobAcceptedReceipt,
  JobFinishedPayload,
  JobFinishedReceipt,
  JobStartedPayload,
  make,
  Receipt,
  receiptText,
  receiptTexts,
  writeFrame,
  type ReceiptPayload,
  type WireClass,
} from '@horde/protocol';
import { instances } from '../instances.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';
import { bent, count, crossCheck, miner, seeds, validator } from './signers.ts';

/** Receipts are the same text on both sides, and a line of a page verifies on both whoever signed it. */
export function receiptChecks(generation: Generation, peer: Peer): void {
  const signedTexts = (kind: string, frames: string[]) =>
    peer.ask<string[]>('signed_texts', { kind, frames });

  const receiptKinds: [string, WireClass<ReceiptPayload>, (payload: ReceiptPayload) => object][] = [
    ['started', JobStartedPayload, (payload) => payload],
    [
      'accepted',
      JobAcceptedPayload,
      (payload) => make(JobAcceptedReceipt, { payload: payload as JobAcceptedPayload, signature: '' }),
    ],
    [
      'finished',
      JobFinishedPayload,
      (payload) => make(JobFinishedReceipt, { payload: payload as JobFinishedPayload, signature: '' }),
    ],
  ];

  describe.each(receiptKinds)('receipts of a %s job', (kind, type, frameOf) => {
    const payloads = (instances(type, count) as ReceiptPayload[]).map((payload) =>
      Object.assign(payload, { validator_hotkey: validator.address, miner_hotkey: miner.address }),
    );
    // The old packages know no block numbers, and sign a receipt without them.
    if (generation === 'old')
      for (const payload of payloads)
        if (payload instanceof JobFinishedPayload) payload.block_numbers = undefined;
    const texts = payloads.map(receiptText);

    it('same text, signatures of both sides', async ({ task }) => {
      expect(
        await signedTexts(
          kind,
          payloads.map((payload) => writeFrame(frameOf(payload))),
        ),
      ).toEqual(texts);
      task.meta.count = await crossCheck(peer, texts, seeds.validator, validator);
    });

    it('lines of a page, signed by both sides in turn', async ({ task }) => {
      const byThem = await peer.ask<string[]>('sign_texts', { seed: seeds.miner, texts });
      const receipts = payloads.map((payload, index) =>
        make(Receipt, {
          payload,
          validator_signature: validator.signHex(texts[index]!),
          miner_signature: byThem[index]!,
        }),
      );
      const ours = (receipt: Receipt) =>
        [
          [receipt.payload.validator_hotkey, receipt.validator_signature],
          [receipt.payload.miner_hotkey, receipt.miner_signature],
        ].map(([hotkey, signature]) =>
          receiptTexts(receipt.payload).some((text) => verifyHex(text, signature!, hotkey!)),
        );
      const theirs = (lines: Receipt[]) =>
        peer.ask<boolean[][]>('verify_receipts', { lines: lines.map(writeFrame) });
      const verdict = (...pair: [boolean, boolean]) => receipts.map(() => pair);

      expect(receipts.map(ours)).toEqual(verdict(true, true));
      expect(await theirs(receipts)).toEqual(verdict(true, true));
      const changed = receipts.map((receipt) =>
        make(Receipt, {
          ...receipt,
          payload: Object.assign(Object.create(type.prototype as object) as ReceiptPayload, receipt.payload, {
            job_uuid: '00000000-0000-4000-8000-000000000000',
          }),
        }),
      );
      expect(changed.map(ours)).toEqual(verdict(false, false));
      expect(await theirs(changed)).toEqual(verdict(false, false));
      const swapped = receipts.map(({ payload, miner_signature }) =>
        make(Receipt, {
          payload,
          validator_signature: miner_signature,
          miner_signature: bent(miner_signature),
        }),
      );
      expect(swapped.map(ours)).toEqual(verdict(false, false));
      expect(await theirs(swapped)).toEqual(verdict(false, false));
      task.meta.count = receipts.length;
    });
  });
}
