import { grouped } from '../../report/words.js';
import { mappedInTurns } from '../../time/in-turns.js';
import { type Html, html } from '../html.js';

/** A bar, and what a line shows beside it. */
export interface Bar {
  /** When it is. */
  readonly label: string;
  /** What it is about, and its figures. */
  readonly title: string;
  readonly value: number;
  /** The part of the value at the bar's foot that is stressed. @default 0 */
  readonly stressed?: number;
  /** The value as far into the span before; null where it is not known. */
  readonly before?: number | null;
}

const WIDTH = 1000;
const HEIGHT = 180;
/** The share of its place that a bar takes. */
const BAR_SHARE = 0.8;

/** What the end of a scale is a multiple of, so that its half is round too. */
const FACTORS = [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10];

/** Bars over time, with a line for the span before. The figures have to stand in a table too. */
export async function barChart(label: string, bars: readonly Bar[]): Promise<Html | null> {
  const most = bars.reduce((max, { value, before }) => Math.max(max, value, before ?? 0), 0);
  if (!(most > 0)) return null;
  const top = roundUp(most);
  const step = WIDTH / bars.length;
  const y = (value: number): number => rounded(HEIGHT - (value / top) * HEIGHT);
  const drawn = await mappedInTurns(bars.entries(), ([index, { title, value, stressed = 0 }]) => {
    const x = rounded(index * step + (step * (1 - BAR_SHARE)) / 2);
    const width = rounded(step * BAR_SHARE);
    const rectangle = (to: number, name: string): Html =>
      html`<rect class="${name}" x="${x}" y="${y(to)}" width="${width}" height="${rounded(HEIGHT - y(to))}"/>`;
    return html`<g><title>${title}</title>${rectangle(value, 'bar')}${stressed > 0 && rectangle(stressed, 'stressed')}</g>`;
  });
  // As text of the page, scale and dates are as large on a narrow screen.
  const marks = Number.isInteger(top / 2) ? [top, top / 2, 0] : [top, 0];
  return html`<div class="plot">
<div class="scale" aria-hidden="true">${marks.map((value) => html`<span>${grouped(value)}</span>`)}</div>
<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${marks.map((value) => html`<path class="grid" d="M0 ${y(value)}H${WIDTH}"/>`)}${drawn}
<path class="before" d="${lineOf(bars.map(({ before }, index) => [(index + 0.5) * step, before == null ? null : y(before)]))}"/>
</svg>
<div class="dates" aria-hidden="true">${datesOf(bars).map((date) => html`<span>${date}</span>`)}</div>
</div>`;
}

/** The dates of the first bar, of that in the middle, and of the last one. */
function datesOf(bars: readonly Bar[]): readonly string[] {
  const places = new Set([0, ...(bars.length > 2 ? [Math.floor(bars.length / 2)] : []), bars.length - 1]);
  return [...places].map((index) => bars[index]?.label ?? '');
}

/** A line without a scale, as large as a word. */
export function sparkline(label: string, values: readonly number[]): Html | null {
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  if (values.length < 2 || !(most > 0)) return null;
  const step = 100 / (values.length - 1);
  const points = values.map((value, index) => [index * step, 22 - (value / most) * 20] as const);
  return html`<svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="${label}"><path d="${lineOf(points)}"/></svg>`;
}

/** A path through points; it has a gap where there is none. */
function lineOf(points: readonly (readonly [x: number, y: number | null])[]): string {
  let isBroken = true;
  const steps = points.map(([x, y]) => {
    if (y === null) {
      isBroken = true;
      return '';
    }
    const step = `${isBroken ? 'M' : 'L'}${rounded(x)} ${rounded(y)}`;
    isBroken = false;
    return step;
  });
  return steps.join('');
}

/** The next integer that is one of {@link FACTORS} times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  const fits = (factor: number): boolean => factor * power >= value && Number.isInteger(factor * power);
  return (FACTORS.find(fits) ?? 10) * power;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
