import { Injectable } from '@nestjs/common';
import { verifyHexAside } from '@horde/identity';
import { errors, validatorSignatureText, type HordeError, type JsonObject } from '@horde/protocol';
import { Validators } from '../directory/validators.ts';

/**
 * Checks `validator_signature` of a job message against the object as it was received. Older validators do not sign;
 * of one that has signed before, an unsigned message is refused, because somebody may have taken the signature away.
 */
@Injectable()
export class JobSignature {
  /** Validators that are known to sign: nothing makes one unsigned again, so nobody needs to be asked. */
  private readonly signing = new Set<string>();

  constructor(private readonly validators: Validators) {}

  /** Why the message is refused; null when it is good. */
  async refusal(signature: string | null, json: JsonObject, hotkey: string): Promise<HordeError | null> {
    if (signature === null) {
      return (await this.signs(hotkey))
        ? errors.BAD_JOB_SIGNATURE(
            'The message is not signed, but this validator has signed its messages before.',
          )
        : null;
    }
    if (!(await verifyHexAside(validatorSignatureText(json), signature, hotkey))) {
      return errors.BAD_JOB_SIGNATURE('The validator_signature of the message is not valid.');
    }
    if (!(await this.signs(hotkey))) {
      await this.validators.markSigning(hotkey);
      this.signing.add(hotkey);
    }
    return null;
  }

  private async signs(hotkey: string): Promise<boolean> {
    if (this.signing.has(hotkey)) return true;
    if (!(await this.validators.find(hotkey))?.has_signed) return false;
    this.signing.add(hotkey);
    return true;
  }
}
