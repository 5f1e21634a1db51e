import { createRequire } from 'node:module';

/** What parse5 makes of HTML. */
interface Node {
  readonly nodeName: string;
  readonly value?: string;
  readonly attrs?: readonly { readonly name: string; readonly value: string }[];
  readonly childNodes?: readonly Node[];
}

// It comes without types.
const { parse } = createRequire(import.meta.url)('parse5') as { readonly parse: (html: string) => Node };

/** An element, as a browser would have it. */
export interface ParsedElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All text in it, without that of comments. */
  readonly text: string;
  readonly elements: readonly ParsedElement[];
}

/** Parses a page by the rules of the HTML standard, as browsers do. */
export function parseHtml(page: string): ParsedElement {
  return elementOf(parse(page));
}

/** All elements of a name in another, in the order of the page. */
export function elementsIn(parent: ParsedElement, name: string): ParsedElement[] {
  return parent.elements.flatMap((element) => [
    ...(element.name === name ? [element] : []),
    ...elementsIn(element, name),
  ]);
}

/** All addresses that a page leads to, or loads. */
export function linksIn(page: ParsedElement): string[] {
  const own = [page.attributes['href'], page.attributes['src']].filter((link) => link !== undefined);
  return [...own, ...page.elements.flatMap(linksIn)];
}

function elementOf({ nodeName, attrs = [], childNodes = [] }: Node): ParsedElement {
  return {
    name: nodeName,
    attributes: Object.fromEntries(attrs.map(({ name, value }) => [name, value])),
    text: childNodes.map(textOf).join(''),
    elements: childNodes.filter(({ nodeName: name }) => !name.startsWith('#')).map(elementOf),
  };
}

function textOf(node: Node): string {
  if (node.nodeName === '#text') return node.value ?? '';
  return (node.childNodes ?? []).map(textOf).join('');
}
