/**
 * Numbers as bytes, seven bits each and the lowest first (LEB128): most figures of a summary are small. A negative number stands
 * behind a zero of two bytes. Fractions are not kept.
 */
export class NumberWriter {
  readonly #bytes: number[] = [];

  /** Appends integers. */
  write(...numbers: readonly number[]): void {
    for (const number of numbers) {
      if (number < 0) this.#bytes.push(128, 0);
      let rest = Math.min(Math.abs(number), Number.MAX_VALUE);
      for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push(128 + (rest % 128));
      this.#bytes.push(rest);
    }
  }

  /** Appends bytes, behind their number. */
  writeBytes(bytes: Iterable<number> & { readonly length: number }): void {
    this.write(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** All bytes. */
  get bytes(): readonly number[] {
    return this.#bytes;
  }
}

/** Reads what {@link NumberWriter} has written. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /** Reads the bytes from a place on, up to another one. */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** Whether there are more numbers. */
  get hasMore(): boolean {
    return this.#at < this.#end;
  }

  /** Reads an integer. */
  read(): number {
    let byte = this.#bytes[this.#at++] as number;
    if (byte < 128) return byte;
    let number = byte - 128;
    for (let factor = 128; byte >= 128; factor *= 128) {
      byte = this.#bytes[this.#at++] as number;
      number += (byte % 128) * factor;
    }
    return number === 0 ? -this.read() : number;
  }

  /** A reader of the bytes that stand behind their number here; these are passed over. */
  readPart(): NumberReader {
    const length = this.read();
    this.#at += length;
    return new NumberReader(this.#bytes, this.#at - length, this.#at);
  }

  /** A reader of the numbers that are left. */
  copy(): NumberReader {
    return new NumberReader(this.#bytes, this.#at, this.#end);
  }

  /** What is left, as text in UTF-8. */
  readText(): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + this.#at, this.#end - this.#at).toString();
  }
}
