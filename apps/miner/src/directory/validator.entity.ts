import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A hotkey that may send jobs here, as the chain or the operator has it. */
@Entity('validator')
export class Validator {
  @PrimaryColumn('text') hotkey!: string;
  @Column('boolean') active!: boolean;
  /** Added by hand: the chain does not make it inactive. */
  @Column('boolean') debug!: boolean;
  /** It has signed a job message; from then on one without a signature is refused. */
  @Column('boolean') has_signed!: boolean;
  /** By the operator: its jobs are declined, whatever the chain says. */
  @Column('boolean') blacklisted!: boolean;
}
