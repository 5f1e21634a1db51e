/** Values that a MaxMind database may hold, as far as the specs need them. */
export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue };

/** Sizes and counts are integers of 32 bits in the metadata; all other numbers are doubles. */
class Uint32 {
  constructor(readonly value: number) {}
}

type Encodable = MmdbValue | Uint32 | { readonly [name: string]: Encodable } | readonly Encodable[];

const METADATA_MARK = Buffer.from('\u00AB\u00CD\u00EFMaxMind.com', 'latin1');
const SEPARATOR_BYTES = 16;

/** A branch of the search tree: another, a value, or nothing. */
type Branch = Node | MmdbValue | null;

class Node {
  readonly branches: [Branch, Branch] = [null, null];
}

/**
 * Writes a database in MaxMind's format, version 2.0 (maxmind.github.io/MaxMind-DB).
 *
 * @param networks - what it says of each IPv4 network, such as `203.0.113.0/24`
 */
export function writeMmdb(networks: Readonly<Record<string, MmdbValue>>): Buffer {
  const root = new Node();
  for (const [network, value] of Object.entries(networks)) insert(root, bitsOf(network), value);
  const nodes = [root];
  for (const node of nodes) {
    for (const branch of node.branches) if (branch instanceof Node) nodes.push(branch);
  }
  const data: Buffer[] = [];
  let dataBytes = 0;
  const records = nodes.flatMap(({ branches }) =>
    branches.map((branch) => {
      if (branch === null) return nodes.length;
      if (branch instanceof Node) return nodes.indexOf(branch);
      const at = dataBytes;
      data.push(encode(branch));
      dataBytes += data.at(-1)?.length ?? 0;
      return nodes.length + SEPARATOR_BYTES + at;
    }),
  );
  return Buffer.concat([
    ...records.map(uint32),
    Buffer.alloc(SEPARATOR_BYTES),
    ...data,
    METADATA_MARK,
    encode(metadata(nodes.length)),
  ]);
}

function metadata(nodeCount: number): Encodable {
  return {
    binary_format_major_version: new Uint32(2),
    binary_format_minor_version: new Uint32(0),
    build_epoch: new Uint32(1_767_225_600),
    database_type: 'Spec-City',
    description: { en: 'made by a spec' },
    ip_version: new Uint32(6),
    languages: ['en'],
    node_count: new Uint32(nodeCount),
    record_size: new Uint32(32),
  };
}

/** IPv4 stands at ::/96. */
function bitsOf(network: string): number[] {
  const [address = '', length = '32'] = network.split('/');
  const bits = address
    .split('.')
    .flatMap((byte) => [...Number(byte).toString(2).padStart(8, '0')].map(Number));
  return [...Array.from({ length: 96 }, () => 0), ...bits.slice(0, Number(length))];
}

function insert(root: Node, bits: readonly number[], value: MmdbValue): void {
  let node = root;
  for (const [index, bit] of bits.entries()) {
    const side = bit === 0 ? 0 : 1;
    if (index === bits.length - 1) {
      node.branches[side] = value;
      return;
    }
    const next = node.branches[side];
    const child = next instanceof Node ? next : new Node();
    node.branches[side] = child;
    node = child;
  }
}

function encode(value: Encodable): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return Buffer.concat([control(3, 8), double(value)]);
  if (value instanceof Uint32) return Buffer.concat([control(6, 4), uint32(value.value)]);
  if (Array.isArray(value))
    return Buffer.concat([control(11, value.length), ...(value as Encodable[]).map(encode)]);
  const entries = Object.entries(value as Record<string, Encodable>);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap((entry) => entry.map(encode))]);
}

/** The type and the size of what follows, up to 284. */
function control(type: number, size: number): Buffer {
  const isLong = size >= 29;
  const first = ((type <= 7 ? type : 0) << 5) | (isLong ? 29 : size);
  return Buffer.from([first, ...(type <= 7 ? [] : [type - 7]), ...(isLong ? [size - 29] : [])]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
