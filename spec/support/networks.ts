import { BlockList, isIPv4 } from 'node:net';

/** Whether an address lies in the network that begins at `network`, as Node sees it. */
export function isInside(address: string, network: string): boolean {
  const list = new BlockList();
  if (isIPv4(network)) list.addSubnet(network, 24, 'ipv4');
  else list.addSubnet(network, 48, 'ipv6');
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** The 16-bit groups of an IPv6 address that has no dots. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const missing = tail === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16),
  );
}

/** Whether an address, written without dots if it is IPv6, is that of a /24 or /48. */
export function hasNoHostBits(network: string): boolean {
  if (isIPv4(network)) return network.endsWith('.0');
  const groups = groupsOf(network);
  return groups.length === 8 && groups.slice(3).every((group) => group === 0);
}
