/** A spec fails where the fault is. */
interface Tested {
  /** Its file, from the top of the repository. */
  spec: string;
  /** The name of its test; with those above it and ` > ` before it, where it is not the only one of that name. */
  test: string;
}

/** The fault cannot be here. */
interface Impossible {
  /** Why not. */
  cannot: string;
}

/** The fault is here, too, or a part of it. */
interface Open {
  /** Why, and what it comes to. */
  open: string;
}

/** One way in which a fault of ComputeHorde shows, and what keeps it away here. */
export type Way = {
  /** What goes wrong there, in a sentence. */
  fault: string;
} & (Tested | Impossible | Open);

/** A fault of a service of ComputeHorde. */
export interface Fault {
  /** The part of it that has the fault. */
  where: string;
  ways: Way[];
}
