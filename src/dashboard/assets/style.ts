/** The stylesheet of all pages: light and dark, narrow and wide, on paper too. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --shade: #f4f5f7; --line: #d5d9e0; --ink: #1b1f27; --faint: #5a6272;
  --accent: #2457c5; --bar: #7fa1ea; --bad: #b3261e; --warning: #8a5a00; --good: #1d6b3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --shade: #1e232b; --line: #363d49; --ink: #e8ebf0; --faint: #a2abba;
    --accent: #8db1ff; --bar: #4a73cc; --bad: #ff8f86; --warning: #f0b64c; --good: #79cf9a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 2px; }
a:focus-visible, button:focus-visible, input:focus-within, select:focus-visible, .table:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#figures:focus { outline: none; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 8px; top: 8px; padding: 4px 8px; background: var(--paper); }
header { display: flex; flex-wrap: wrap; gap: 0 24px; align-items: baseline; padding: 12px 24px 0; background: var(--shade); border-bottom: 1px solid var(--line); }
.title { margin: 0; font-weight: 700; }
.title a { color: inherit; text-decoration: none; }
nav ul { display: flex; flex-wrap: wrap; margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: 6px 10px; border-bottom: 3px solid transparent; color: var(--ink); text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav [aria-current] { border-color: var(--accent); font-weight: 600; }
main, footer { max-width: 1680px; margin: 0 auto; padding: 8px 24px; }
h1 { margin: 12px 0; font-size: 24px; line-height: 1.25; }
section { position: relative; }
section > .data { position: absolute; top: 0; right: 0; }
h2 { margin: 28px 0 8px; font-size: 17px; }
.period { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; padding: 10px 12px; background: var(--shade); border-radius: 6px; font-size: 14px; }
.period label { color: var(--faint); max-width: 100%; }
.period select { max-width: 14em; }
input[type='number'] { width: 5em; }
input, select, button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 4px; padding: 3px 6px; max-width: 100%; }
button { cursor: pointer; }
.period button { background: var(--accent); border-color: var(--accent); color: var(--paper); padding: 3px 14px; }
.headline { margin: 12px 0 4px; font-weight: 600; }
.note, .faint, .as-of, .data, .pager, figcaption { margin: 4px 0; color: var(--faint); }
.nothing, .problem { padding: 12px; background: var(--shade); border-left: 3px solid var(--accent); }
.bad { color: var(--bad); }
.warning { color: var(--warning); }
.good { color: var(--good); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(220px, 100%), 1fr)); gap: 12px; margin: 16px 0; }
.cards div { padding: 12px; border: 1px solid var(--line); border-radius: 6px; }
.cards dt { color: var(--faint); }
.cards dd { margin: 0; }
.cards .value { font-size: 28px; font-weight: 600; line-height: 1.3; }
.facts { margin: 12px 0; }
.facts div { display: grid; grid-template-columns: minmax(90px, 140px) 1fr; gap: 12px; padding: 3px 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--faint); }
.facts dd { margin: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 0 32px; }
.columns > * { min-width: 0; }
.decisions, .verdicts, .presets { display: flex; flex-wrap: wrap; gap: 6px 20px; padding: 0; margin: 8px 0; list-style: none; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
thead th::first-letter { text-transform: uppercase; }
td, tbody th { overflow-wrap: break-word; }
tbody th { font-weight: inherit; }
.presets [aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
tbody a, .number, .date, .whole { white-space: nowrap; }
tbody a { text-decoration: none; }
tbody a:hover { text-decoration: underline; }
thead a { color: inherit; text-decoration: underline dotted; }
.sentence { min-width: 16em; }
.number { text-align: right; }
[aria-sort] a { color: var(--accent); text-decoration: none; }
[aria-sort='descending'] a::after { content: ' ↓'; }
[aria-sort='ascending'] a::after { content: ' ↑'; }
figure { margin: 0; }
summary { cursor: pointer; color: var(--faint); }
.plot { display: grid; grid-template-columns: auto 1fr; gap: 4px 8px; margin-top: 12px; color: var(--faint); font-size: 12px; }
.scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; line-height: 0; }
.scale span { height: 0; }
.dates { grid-column: 2; display: flex; justify-content: space-between; }
.chart { display: block; width: 100%; height: 180px; overflow: visible; }
.chart .bar { fill: var(--bar); }
.chart .stressed { fill: var(--bad); }
.chart .before { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 3; opacity: .7; }
.chart .grid { stroke: var(--line); }
.chart path, .sparkline path { vector-effect: non-scaling-stroke; }
.key { display: inline-block; width: 12px; height: 10px; margin-left: 12px; }
.key:first-child { margin-left: 0; }
.key.bar { background: var(--bar); }
.key.stressed { background: var(--bad); }
.key.before { width: 18px; height: 0; border-top: 2px dashed var(--ink); vertical-align: middle; }
.sparkline { display: block; width: 100%; max-width: 200px; height: 24px; }
.sparkline path { fill: none; stroke: var(--accent); stroke-width: 1.5; }
@media (max-width: 600px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  .cards { grid-template-columns: 1fr 1fr; gap: 8px; }
  .cards div { padding: 8px 10px; }
  .cards .value { font-size: 22px; }
  nav a { padding: 4px 8px; }
  th, td { padding-right: 12px; }
}
@media (prefers-reduced-motion: no-preference) {
  html { scroll-behavior: smooth; }
}
@media print {
  :root { --paper: #fff; --shade: #fff; --line: #bbb; --ink: #000; --faint: #444; --accent: #000; --bar: #999; --bad: #000; --warning: #000; --good: #000; }
  body { font-size: 12px; }
  nav, .presets, .period, footer, .skip, .data, .pager a, details, .more { display: none; }
  header, main { max-width: none; padding-left: 0; padding-right: 0; }
  a, th a, [aria-sort] a { color: inherit; text-decoration: none; }
  .table { overflow: visible; }
  table { font-size: 10px; }
  th, td { padding-right: 8px; }
  tbody bdi { display: inline-block; max-width: 18em; }
  .sentence bdi { max-width: 24em; }
  th, tbody a, .date, .whole { white-space: normal; }
  .sentence { min-width: 0; }
  .chart { height: 120px; }
  .chart, .key, .chart .bar { print-color-adjust: exact; }
  tr, figure, .cards { break-inside: avoid; }
  h2, thead { break-after: avoid; }
  .columns { grid-template-columns: 1fr 1fr; gap: 0 24px; }
  .cards { grid-template-columns: repeat(4, 1fr); }
}
`;
