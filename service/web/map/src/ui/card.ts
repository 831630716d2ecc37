/** The card of a point: everything an inspector asks about it, and the report of what was found. */

import type { App } from '../app.ts';
import { Problem } from '../core/api.ts';
import { fill, h } from '../core/dom.ts';
import { code, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import { icon, signOf } from '../map/symbols.ts';
import { readCard, type CardData, type Line } from './card_data.ts';
import { placeOf } from './list.ts';
import { reportForm } from './report.ts';

export function mountCard(app: App, root: HTMLElement): void {
  let shown: CardData | null = null;
  let asked = '';
  let reporting = false;
  let back: HTMLElement | null = null;

  const load = async (): Promise<void> => {
    const { point } = app.view.get();
    if (point === null) {
      shown = null;
      asked = '';
      draw();
      return;
    }
    const now = `${point} ${app.data.get().pulse} ${app.view.get().lang}`;
    if (now === asked) return;
    if (!asked.startsWith(`${point} `)) {
      back = document.activeElement instanceof HTMLElement ? document.activeElement : null;
      shown = null;
      reporting = false;
    }
    asked = now;
    draw();
    try {
      const found = await readCard(point);
      if (asked !== now) return;
      shown = found;
      draw();
      root.querySelector('h2')?.focus({ preventScroll: true });
      app.map?.select(found.id);
      if (!app.placed) app.map?.goTo(found.lon, found.lat);
      app.placed = true;
    } catch (error) {
      if (asked !== now) return;
      if (error instanceof Problem && error.status === 404) fill(root, head(point), h('p', { class: 'warn' }, error.message));
      else app.fault(error);
    }
  };
  const close = (): void => {
    app.choose(null);
    back?.focus();
  };
  const head = (title: string): HTMLElement =>
    h(
      'div',
      { class: 'cardhead' },
      h('h2', { tabindex: -1 }, title),
      h('button', { type: 'button', class: 'x', 'data-key': 'close', 'aria-label': t('close'), onclick: close }, '×'),
    );
  const draw = (): void => {
    const { point } = app.view.get();
    const { picked } = app.data.get();
    root.hidden = point === null && picked.length === 0;
    root.setAttribute('aria-label', t('card'));
    document.documentElement.classList.toggle('carded', !root.hidden);
    if (picked.length) fill(root, head(t('pick', { n: picked.length })), choice(app, picked));
    else if (point !== null && !shown) fill(root, head(point), h('p', { class: 'quiet' }, t('loading')));
    else if (shown) fill(root, head(shown.place), body(shown));
  };
  const body = (card: CardData): (HTMLElement | null)[] => {
    const waiting = app.data.get().reports.filter((one) => one.point === card.id);
    return [
      h(
        'p',
        { class: 'tags' },
        icon(signOf(card.screen, card.status), 18),
        h('span', { class: 'tag' }, code('status', card.status)),
        card.screen === 'counted' ? null : h('span', { class: 'tag' }, code('screen', card.screen)),
        card.marks.map((mark) => h('span', { class: 'mark' }, mark)),
      ),
      h('p', { class: 'quiet' }, card.resolvesTo ? `${card.asked} → ${card.id}` : card.id),
      h(
        'div',
        { class: 'acts', role: 'group', 'aria-label': t('navigate') },
        card.calls.map((one) => h('a', { class: 'b tel', href: `tel:${one.tel}` }, `${t('call')} ${one.text}`)),
        card.ways.map((one) => h('a', { class: 'b', href: one.href, ...(one.web ? { target: '_blank', rel: 'noreferrer' } : {}) }, one.text)),
        h('button', { type: 'button', class: 'b', 'data-key': 'zoom', onclick: () => app.map?.goTo(card.lon, card.lat) }, t('zoomTo')),
      ),
      h('dl', null, card.lines.map(line)),
      app.may('verify') && card.levels.length
        ? reportForm(app, card, waiting, reporting || waiting.length > 0, (open) => {
            reporting = open;
          })
        : null,
    ];
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'point', 'lang')) void load();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'pulse')) void load();
    if (differs(now, before, 'picked', 'reports', 'session')) draw();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !root.hidden && root.contains(document.activeElement)) close();
  });
  void load();
}

function line(one: Line): HTMLElement {
  return h('div', null, h('dt', null, one.title), one.texts.map((text) => h('dd', null, text)));
}

/** Points that lie on each other: each can be opened. */
function choice(app: App, ids: readonly string[]): HTMLElement {
  return h(
    'ul',
    { class: 'choice' },
    ids.map((id) => {
      const row = app.row(id);
      return h(
        'li',
        null,
        h('button', { type: 'button', 'data-key': id, onclick: () => app.choose(id) }, row ? icon(signOf(row.screen, row.status)) : null, row ? `${placeOf(row)} · ${row.pixels} ${t('pixels')}` : id),
      );
    }),
  );
}
