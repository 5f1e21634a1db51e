/** What the doctor says of one thing. */
export interface Finding {
  /** `fault`: somebody has to act. `advice`: somebody may want to. `fine`: nothing is wrong. */
  readonly kind: 'fault' | 'advice' | 'fine';
  /** What is, or is not, wrong. */
  readonly what: string;
  /** Where: a file, a folder, a storage; null where that is plain. */
  readonly where: string | null;
  /** What to do; null where nothing is to be done. */
  readonly advice: string | null;
}

/** Something that is in order. */
export function fine(what: string, where: string | null = null): Finding {
  return { kind: 'fine', what, where, advice: null };
}

/** Something that somebody has to see to. */
export function fault(what: string, where: string | null, advice: string): Finding {
  return { kind: 'fault', what, where, advice };
}

/** Something that may be meant as it is. */
export function hint(what: string, where: string | null, advice: string): Finding {
  return { kind: 'advice', what, where, advice };
}
