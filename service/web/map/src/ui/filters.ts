/** The filters, and beside them always what they leave: no count on the page stands without them. */

import type { App } from '../app.ts';
import { fill, h } from '../core/dom.ts';
import { facet, tally, type Facet } from '../core/filter.ts';
import { aside, clauses, code, listing, number, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import type { CodeTable } from '../core/words.ts';
import { filtered, type View } from '../core/view.ts';
import { icon, signOf } from '../map/symbols.ts';

type Listed = 'status' | 'screen' | 'confidence' | 'satellite';
const LISTS: readonly Listed[] = ['status', 'screen', 'confidence', 'satellite'];
const CLEAR: Partial<View> = { county: '', status: [], screen: [], confidence: [], satellite: [] };

export function mountFilters(app: App, root: HTMLElement): void {
  const box = h('details', {
    class: 'choose',
    ontoggle: () => box.open && root.parentElement?.classList.remove('open'), // on a phone there is room for one of the two
  });
  const count = h('p', { class: 'count', role: 'status' });
  const draw = (): void => {
    fill(count, counts(app));
    fill(
      box,
      h('summary', { 'data-key': 'filters' }, t('filters'), h('span', { class: 'quiet' }, describe(app))),
      county(app),
      LISTS.map((name) => chips(app, name)),
      h('button', { type: 'button', 'data-key': 'clear', disabled: !filtered(app.view.get()), onclick: () => app.go(CLEAR) }, t('clear')),
    );
  };
  root.append(count, box);
  app.view.watch((now, before) => {
    if (differs(now, before, 'lang', 'county', ...LISTS)) draw();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'list', 'extra', 'loading', 'names')) draw();
  });
  draw();
}

/** What is counted: the points and pixels that pass, and of how many. */
function counts(app: App): (HTMLElement | string)[] {
  const { list, loading } = app.data.get();
  if (!list) return [loading ? t('loading') : ''];
  const now = tally(app.shown());
  const out = Object.values(list.counts.left_out).reduce((sum, one) => sum + one, 0);
  const whole = filtered(app.view.get()) ? t('ofDay', { points: list.counts.listed, pixels: list.counts.listed_pixels }) : '';
  return [
    h('strong', null, t('pointsPixels', { points: now.points, pixels: now.pixels })),
    h('span', { class: 'quiet' }, ` ${clauses([whole, out ? t('leftOut', { n: out }) : ''].filter(Boolean))}`),
  ];
}

/** Say the filters in one line. */
export function describe(app: App): string {
  const view = app.view.get();
  if (!filtered(view)) return t('noFilter');
  const parts = view.county === '' ? [] : [app.nameOf(view.county)];
  for (const name of LISTS) {
    if (view[name].length) parts.push(listing(view[name].map((one) => say(name, one))));
  }
  return parts.join(' · ');
}

function county(app: App): HTMLElement {
  const view = app.view.get();
  const left = facet(app.rows(), view, 'county');
  if (view.county && !left.has(view.county)) left.set(view.county, 0);
  return h(
    'label',
    { class: 'pickone' },
    t('county'),
    h(
      'select',
      { 'data-key': 'county', onchange: (event: Event) => app.go({ county: (event.target as HTMLSelectElement).value }, true) },
      h('option', { value: '' }, t('allCounties')),
      [...left].map(([value, n]) => h('option', { value, selected: value === view.county }, `${app.nameOf(value)}${aside(number(n))}`)),
    ),
  );
}

function chips(app: App, name: Listed): HTMLElement | null {
  const view = app.view.get();
  const left = new Map<string, number | null>(facet(app.rows(), view, name as Facet));
  if (name === 'screen') {
    // Left-out points are read when somebody asks for them; until then the list's own counts stand for them, and beside
    // other filters, of which the list's counts know nothing, none does.
    const { list, extra } = app.data.get();
    const alone = !filtered({ ...view, screen: [] });
    for (const [reason, n] of Object.entries(list?.counts.left_out ?? {})) if (!(reason in extra)) left.set(reason, alone ? n : null);
  }
  for (const one of view[name]) if (!left.has(one)) left.set(one, 0);
  if (!left.size) return null;
  return h(
    'fieldset',
    null,
    h('legend', null, t(name), name === 'screen' ? h('span', { class: 'quiet' }, ` ${t('listedOnly')}`) : null),
    [...left].map(([value, n]) => {
      const on = view[name].includes(value);
      const next = on ? view[name].filter((one) => one !== value) : [...view[name], value];
      return h(
        'label',
        { class: on ? 'chip on' : 'chip' },
        h('input', { type: 'checkbox', 'data-key': `${name}-${value}`, checked: on, onchange: () => app.go({ [name]: next }) }),
        name === 'status' ? icon(signOf('counted', value), 14) : null,
        n === null ? say(name, value) : `${say(name, value)} ${number(n)}`,
      );
    }),
  );
}

function say(name: Listed, value: string): string {
  return name === 'satellite' ? value : code(name satisfies CodeTable, value);
}
