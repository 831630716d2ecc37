/** The printed sheet: the heading with its filters and marks, the map as it stands, and every row shown. */

import type { App } from '../app.ts';
import { shortSpan } from '../core/days.ts';
import { fill, h } from '../core/dom.ts';
import { tally } from '../core/filter.ts';
import { clauses, code, listing, t } from '../core/i18n.ts';
import { describe } from './filters.ts';
import { marks } from './footer.ts';
import { placeOf } from './list.ts';

export function mountPrint(app: App, root: HTMLElement): void {
  addEventListener('beforeprint', () => {
    const { list, fault } = app.data.get();
    const rows = list ? app.shown() : [];
    const counted = list ? t('pointsPixels', { ...tally(rows) }) : fault ? t('failed', { said: fault }) : t('loading'); // no list is not a list of none
    const picture = app.map ? h('img', { src: app.map.picture(), alt: t('map') }) : null;
    fill(
      root,
      h('h1', null, `${app.data.get().session?.area?.name ?? list?.header?.unit ?? ''} ${app.day} ${t('title')}`),
      h('p', null, `${counted} · ${t('filtersNow')}${describe(app)} · ${t('order')} · ${t('beijing')}`),
      h('p', null, clauses(marks(app))),
      picture,
      h(
        'table',
        null,
        h('thead', null, h('tr', null, ['#', t('pointId'), t('where'), t('seen'), t('pixels'), t('lonLat'), t('status')].map((name) => h('th', { scope: 'col' }, name)))),
        h(
          'tbody',
          null,
          rows.map((row, place) =>
            h(
              'tr',
              null,
              [
                String(place + 1),
                row.fire_point_id,
                placeOf(row),
                `${shortSpan(row.first_seen, row.last_seen)} ${listing(row.satellites)}`,
                String(row.pixels),
                `${row.lon.toFixed(5)}, ${row.lat.toFixed(5)}`,
                code('status', row.status),
              ].map((text) => h('td', null, text)),
            ),
          ),
        ),
      ),
    );
  });
}
