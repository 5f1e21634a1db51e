/** Pieces of a size that are stored before a larger one is tried, at most. */
const MOST_PATIENCE = 256;

/**
 * How many records a storage is handed at once: as many as a batch has, or fewer where it takes too long for so many. The number
 * is halved with the second time-out in a row, and doubled when pieces of that size are stored. No record is dropped for it,
 * unlike where a batch that is refused is halved.
 */
export class PieceSize {
  /** Records a piece, at most. */
  records: number;
  readonly #maxRecords: number;
  /** Time-outs in a row, up to now. */
  #timeOuts = 0;
  /** Pieces of this size that were stored since the size changed. */
  #stored = 1;
  /** Pieces that are stored before the size is doubled: more and more, where doubling ends in a time-out. */
  #patience = 1;

  constructor(maxRecords: number) {
    this.records = maxRecords;
    this.#maxRecords = maxRecords;
  }

  /** Learns that a piece took too long. */
  timedOut(records: number): void {
    this.#timeOuts += 1;
    if (this.#timeOuts === 1 && this.#stored > 0) return;
    if (this.#timeOuts === 1) this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
    this.records = Math.ceil(records / 2);
    this.#stored = 0;
  }

  /** Learns that a piece was taken in time. */
  taken(records: number): void {
    this.#timeOuts = 0;
    if (records < this.records) return;
    this.#stored += 1;
    if (this.records === this.#maxRecords) this.#patience = 1;
    if (this.records === this.#maxRecords || this.#stored < this.#patience) return;
    this.records = Math.min(this.records * 2, this.#maxRecords);
    this.#stored = 0;
  }
}
