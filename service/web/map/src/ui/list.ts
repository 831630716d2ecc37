/** The list beside the map, in patrol order. */

import type { App } from '../app.ts';
import { query } from '../core/api.ts';
import { shortSpan } from '../core/days.ts';
import { byKey, download, fill, h } from '../core/dom.ts';
import { csv } from '../core/filter.ts';
import { code, headed, listing, number, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import type { Row } from '../core/types.ts';
import { filtered } from '../core/view.ts';
import { icon, signOf } from '../map/symbols.ts';
import { feeds } from './footer.ts';

const STEP = 200;
const FORMATS = ['csv', 'xlsx', 'kml', 'geojson'] as const;

export function mountList(app: App, root: HTMLElement, active: () => boolean): void {
  let limit = STEP;
  let stale = true;
  const draw = (fromTop = false): void => {
    stale = !active();
    if (stale) return;
    const { list, loading } = app.data.get();
    const held = fromTop ? null : topRow(root);
    if (!list) {
      fill(root, h('p', { class: 'quiet' }, loading ? t('loading') : ''));
      return;
    }
    const rows = app.shown();
    const chosen = app.view.get().point;
    const rest = rows.length - limit;
    fill(
      root,
      warnings(app),
      h('ol', { class: 'rows', 'aria-label': `${t('list')} · ${t('order')}` }, rows.slice(0, limit).map((row, place) => item(app, row, place + 1, chosen))),
      rows.length === 0 ? h('p', { class: 'quiet' }, t(filtered(app.view.get()) ? 'emptyFiltered' : 'empty')) : null,
      rest > 0
        ? h('button', { type: 'button', 'data-key': 'more', onclick: () => ((limit += STEP), draw()) }, t('more', { n: Math.min(STEP, rest) }))
        : null,
      exports(app, rows),
    );
    if (fromTop) root.scrollTop = 0;
    else if (held) hold(root, held);
  };
  app.view.watch((now, before) => {
    const other = differs(now, before, 'date', 'county', 'status', 'screen', 'confidence', 'satellite');
    if (other) limit = STEP;
    if (other || differs(now, before, 'lang')) draw(other);
    else if (differs(now, before, 'panel') && stale) draw();
    if (differs(now, before, 'point')) mark(root, now.point);
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'list', 'extra', 'loading', 'fresh')) draw();
  });
  draw();
}

function item(app: App, row: Row, place: number, chosen: string | null): HTMLElement {
  const gone = row.change === 'withdrawn';
  return h(
    'li',
    { class: gone ? 'gone' : null },
    h(
      'button',
      {
        type: 'button',
        class: 'row',
        'data-key': row.fire_point_id,
        'aria-current': row.fire_point_id === chosen ? 'true' : null,
        onclick: () => {
          app.map?.goTo(row.lon, row.lat);
          app.choose(row.fire_point_id);
        },
      },
      h('span', { class: 'no' }, String(place)),
      icon(signOf(row.screen, row.status), 16),
      h('span', { class: 'what' }, h('b', null, placeOf(row)), tags(app, row)),
      h(
        'span',
        { class: 'facts' },
        `${shortSpan(row.first_seen, row.last_seen)} · ${listing(row.satellites)} · ${number(row.pixels)} ${t('pixels')}`,
        row.frp_mw === null ? '' : ` · ${row.frp_mw.toFixed(1)} MW`,
      ),
    ),
  );
}

export function placeOf(row: Pick<Row, 'county' | 'township' | 'grid'>): string {
  return [row.county, row.township, row.grid].filter(Boolean).join(' · ') || t('noCounty');
}

/** Return the first row in sight and where it stands, if somebody has scrolled. */
function topRow(root: HTMLElement): { key: string; top: number } | null {
  if (!root.scrollTop) return null;
  const { top } = root.getBoundingClientRect();
  const row = [...root.querySelectorAll<HTMLElement>('.row')].find((one) => one.getBoundingClientRect().bottom > top);
  return row ? { key: row.dataset['key']!, top: row.getBoundingClientRect().top } : null;
}

/** Put that row back where it stood, whatever came or went above it. */
function hold(root: HTMLElement, { key, top }: { key: string; top: number }): void {
  const row = byKey(root, key);
  if (row) root.scrollTop += row.getBoundingClientRect().top - top;
}

/** What sets a point apart; the status always, so that the sign is never alone. */
export function tags(app: App, row: Row): HTMLElement[] {
  const doubt = Object.keys(row.boundary_case).filter((level) => row.boundary_case[level]);
  const texts: [string, boolean][] = [[code('status', row.status), false]];
  if (app.data.get().fresh.has(row.fire_point_id) || row.change === 'new') texts.unshift([code('change', 'new'), true]);
  if (row.change && row.change !== 'new') texts.unshift([code('change', row.change), true]);
  if (row.screen !== 'counted') texts.push([code('screen', row.screen), false]);
  if (doubt.length) texts.push([headed(t('border'), listing(doubt.map((level) => code('place', level)))), false]);
  return texts.map(([text, hot]) => h('span', { class: hot ? 'tag hot' : 'tag' }, text));
}

function warnings(app: App): HTMLElement | null {
  const { list } = app.data.get();
  const none = list !== null && !list.feeds.some((feed) => feed.state === 'arrived');
  if (none) return h('p', { class: 'warn' }, t('noFeed'));
  return h('p', { class: 'quiet' }, [feeds(app), t('order')].filter(Boolean).join(' · '));
}

/** The filtered rows as the page has them; the whole day as the service writes it. */
function exports(app: App, rows: readonly Row[]): HTMLElement {
  const unit = app.data.get().session?.unit?.code ?? null;
  return h(
    'div',
    { class: 'exports', role: 'group', 'aria-label': t('export') },
    h('span', { class: 'quiet' }, t('export')),
    h(
      'button',
      {
        type: 'button',
        'data-key': 'export',
        disabled: rows.length === 0,
        onclick: () => download(`firelist-${app.day}-${filtered(app.view.get()) ? 'filtered' : 'listed'}.csv`, 'text/csv;charset=utf-8', csv(rows)),
      },
      t('exportShown'),
    ),
    FORMATS.map((format) =>
      h('a', { href: `/api/v1/firelist${query({ date: app.day, format, unit })}`, download: '' }, t('exportWhole', { format: format === 'geojson' ? 'GeoJSON' : format.toUpperCase() })),
    ),
  );
}

/** Mark the chosen row, and bring it into the panel's view. */
function mark(root: HTMLElement, id: string | null): void {
  for (const one of root.querySelectorAll<HTMLElement>('.row')) {
    const on = one.dataset['key'] === id;
    if (on) {
      one.setAttribute('aria-current', 'true');
      one.scrollIntoView({ block: 'nearest' });
    } else one.removeAttribute('aria-current');
  }
}
