/** The card of a point: everything an inspector asks about it, and the report of what was found. */

import type { App } from '../app.ts';
import { Problem } from '../core/api.ts';
import { byKey, fill, h } from '../core/dom.ts';
import { code, lang, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import { icon, signOf } from '../map/symbols.ts';
import { ofRow, readCard, type CardData, type Line } from './card_data.ts';
import { placeOf } from './list.ts';
import { reportForm } from './report.ts';

export function mountCard(app: App, root: HTMLElement): void {
  let shown: CardData | null = null;
  /** Says what is known of the point, in the language in force. */
  let said: (() => CardData) | null = null;
  let asked = '';
  let failed = '';
  /** Whether the card says what the list knows, for want of a network. */
  let listed = false;
  /** At which the reader may record, by the last card read: the lowest until then. */
  let levels: string[] = ['local'];
  let reporting = false;
  let back: HTMLElement | null = null;
  const top = h('div', { class: 'cardhead' });
  const facts = h('div');
  const report = h('div');
  let reported = '';

  const load = async (): Promise<void> => {
    const { point } = app.view.get();
    if (point === null) {
      shown = said = null;
      asked = '';
      draw();
      return;
    }
    const now = `${point} ${app.data.get().pulse}`;
    if (now === asked) return;
    const opened = !asked.startsWith(`${point} `);
    if (opened) {
      back = document.activeElement instanceof HTMLElement ? document.activeElement : null;
      shown = said = null;
      listed = false;
      reporting = false;
      root.scrollTop = 0;
    }
    asked = now;
    failed = '';
    draw();
    try {
      const read = await readCard(point);
      if (asked !== now) return;
      const first = shown === null;
      said = read;
      const found = (shown = read());
      listed = false;
      levels = found.levels;
      draw();
      if (!first) return; // read again: whoever is reading or typing here is left in peace
      top.querySelector('h2')?.focus({ preventScroll: true });
      app.map?.select(found.id);
      if (found.day !== app.day) app.go({ date: found.day === app.data.get().today ? null : found.day }); // one day on the page
      if (!app.placed) app.map?.goTo(found.lon, found.lat);
      app.placed = true;
    } catch (error) {
      if (asked !== now) return;
      const gone = error instanceof Problem && error.status === 404;
      const cut = error instanceof Problem && error.status === 0;
      if (gone) shown = said = null;
      if (!cut) listed = false;
      failed = error instanceof Error ? error.message : String(error);
      const row = app.row(point);
      const { list } = app.data.get();
      if (cut && !shown && row && list) {
        // Somebody stands at the field: what the list knows, and the report, which waits.
        said = () => ofRow(row, list, levels);
        shown = said();
        listed = true;
      }
      if (!gone) app.fault(error);
      draw();
    }
  };
  const again = (): void => {
    asked = `${app.view.get().point} `; // the same point, not yet read
    void load();
  };
  const close = (): void => {
    const { point } = app.view.get();
    app.choose(null);
    const row = point === null ? null : byKey(document.getElementById('panel')!, point);
    (back?.isConnected && back !== document.body ? back : row)?.focus();
  };
  const draw = (): void => {
    const { point } = app.view.get();
    const { picked } = app.data.get();
    root.hidden = point === null && picked.length === 0;
    root.setAttribute('aria-label', t('card'));
    document.documentElement.classList.toggle('carded', !root.hidden);
    if (root.hidden) return;
    const title = picked.length ? t('pick', { n: picked.length }) : (shown?.place ?? point ?? '');
    fill(
      top,
      h('h2', { tabindex: -1, 'data-key': 'title' }, title),
      h('button', { type: 'button', class: 'x', 'data-key': 'close', 'aria-label': t('close'), onclick: close }, '×'),
    );
    if (!top.isConnected) root.replaceChildren(top, facts, report);
    const card = picked.length ? null : shown;
    if (picked.length) fill(facts, choice(app, picked));
    else if (card || failed) fill(facts, failed ? fault() : null, card ? body(card) : null);
    else fill(facts, h('p', { class: 'quiet' }, t('loading')));
    drawReport(card);
  };
  const fault = (): HTMLElement[] => [
    h('p', { class: 'warn' }, listed ? t('fromList') : failed),
    h('button', { type: 'button', class: 'b', 'data-key': 'again', onclick: again }, t('retry')),
  ];
  /** The form is made anew only when something in it is another thing: somebody may be typing in it. */
  const drawReport = (card: CardData | null): void => {
    const waiting = card ? app.data.get().reports.filter((one) => one.point === card.id) : [];
    const may = card !== null && app.may('verify') && card.levels.length > 0;
    const now = may ? JSON.stringify([card.id, app.actor, card.levels, lang(), waiting]) : '';
    if (now === reported) return;
    reported = now;
    fill(
      report,
      may
        ? reportForm(app, card, waiting, reporting || waiting.length > 0, (open) => {
            reporting = open;
          })
        : null,
    );
  };
  const body = (card: CardData): (HTMLElement | null)[] => [
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
  ];
  app.view.watch((now, before) => {
    if (differs(now, before, 'point')) void load();
    if (!differs(now, before, 'lang')) return;
    shown = said?.() ?? null;
    draw();
    if (failed) again();
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
