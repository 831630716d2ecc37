/** The page starts here: its parts are put in their places and kept in line with the state. */

import './style.css';

import { App } from './app.ts';
import { Problem } from './core/api.ts';
import type { Report } from './core/outbox.ts';
import { h } from './core/dom.ts';
import { headed, lang, t } from './core/i18n.ts';
import { differs } from './core/store.ts';
import { FireMap } from './map/view.ts';
import { mountCard } from './ui/card.ts';
import { mountFooter } from './ui/footer.ts';
import { mountHeader } from './ui/header.ts';
import { layerOn } from './ui/layers.ts';
import { mountPanel } from './ui/panel.ts';
import { mountPrint } from './ui/print.ts';
import { follow } from './live.ts';

const app = new App();
Object.assign(window, { huodian: app }); // for support and tests: what the page knows can be asked in its console
const at = (id: string): HTMLElement => document.getElementById(id)!;

mountHeader(app, at('header'));
mountPanel(app, at('panel'));
mountCard(app, at('card'));
mountFooter(app, at('footer'));
mountPrint(app, at('print'));
mountFoot();
mountNotes();
mountMap();
words();

app.view.watch((now, before) => {
  if (differs(now, before, 'lang')) words();
});
void app.start().then(() => follow(app));

/** The words of the frame itself. */
function words(): void {
  document.documentElement.lang = lang() === 'zh' ? 'zh-CN' : 'en';
  document.querySelector('.skip')!.textContent = t('skip');
  at('stage').setAttribute('aria-label', t('map'));
  at('panel').setAttribute('aria-label', t('panels'));
  const canvas = document.querySelector('#map canvas');
  canvas?.setAttribute('aria-label', headed(t('map'), t('mapKeys')));
  for (const [name, word] of [['in', 'zoomInButton'], ['out', 'zoomOutButton']] as const) {
    const button = document.querySelector(`.maplibregl-ctrl-zoom-${name}`);
    button?.setAttribute('aria-label', t(word));
    button?.setAttribute('title', t(word));
  }
}

/** The base map in force: that of the address where this service has it, else the plain one. */
function base(): string {
  return app.data.get().session?.tianditu ? app.view.get().base : 'plain';
}

/** Keep a height in the style: on a phone the card ends where the foot of the page begins. */
function mountFoot(): void {
  const foot = at('footer');
  new ResizeObserver(() => document.documentElement.style.setProperty('--foot', `${foot.offsetHeight}px`)).observe(foot);
}

function mountMap(): void {
  try {
    app.map = new FireMap(at('map'), {
      day: app.day,
      place: app.view.get().place,
      view: () => app.view.get(),
      layerOn: (layer) => layerOn(app.view.get(), layer),
      onCapped: (capped) => app.data.set({ capped }),
      onBusy: (drawing) => app.data.set({ drawing }),
      onBaseAway: (baseAway) => app.data.set({ baseAway }),
      onMove: (place) => app.go({ place }),
      onPick: (ids) => {
        if (ids.length > 1) app.data.set({ picked: ids });
        else app.choose(ids[0] ?? null);
      },
      onFault: (error) => {
        // A tile that fails shows as a gap; only a lost sign-in has to be said.
        if ((error as { status?: number } | null)?.status === 401) app.fault(new Problem(401, ''));
      },
    });
  } catch {
    at('map').append(h('p', { class: 'nomap' }, t('noWebgl')));
    document.documentElement.setAttribute('data-ready', 'yes');
    return;
  }
  const map = app.map;
  const draw = (): void => map.show(app.day, app.data.get().list === null ? null : app.shown());
  app.data.watch((now, before) => {
    if (differs(now, before, 'list', 'extra')) draw();
    if (differs(now, before, 'pulse')) map.refresh();
    if (differs(now, before, 'session')) map.setBase(base());
    const box = now.session?.area?.bbox;
    if (app.placed || app.view.get().point !== null) return;
    if (differs(now, before, 'session') && box) map.fit(box);
    else if (now.list && !before.list && !box) map.fitRows(now.list.rows);
    if (now.list) app.placed = true;
  });
  app.view.watch((now, before) => {
    if (differs(now, before, 'county', 'status', 'screen', 'confidence', 'satellite')) draw();
    if (differs(now, before, 'county') && now.county !== '') map.fitRows(app.shown());
    if (differs(now, before, 'layers')) map.sync();
    if (differs(now, before, 'base')) map.setBase(base());
    if (differs(now, before, 'lang')) map.relabel();
    if (differs(now, before, 'point')) map.select(now.point);
  });
  map.select(app.view.get().point);
}

/** A report that was refused later on, maybe long after its card was closed: its words are here, and the way to it. */
function refused(reports: readonly Report[]): HTMLElement[] {
  return reports
    .filter((one) => one.state === 'refused' && one.point !== app.view.get().point)
    .map((one) =>
      h('p', { class: 'note bad' }, t('refused', { said: one.said ?? '' }), ' ', h('button', { type: 'button', onclick: () => app.choose(one.point) }, t('edit'))),
    );
}

/** What happened, said where a screen reader hears it: new points, a lost sign-in, reports that wait. */
function mountNotes(): void {
  const notes = at('notes');
  let timer = 0;
  const draw = (): void => {
    const { told, fault, signedOut, reports, capped, drawing, baseAway } = app.data.get();
    const waiting = reports.filter((one) => one.state === 'waiting').length;
    notes.replaceChildren(
      ...[
        signedOut ? h('p', { class: 'note bad' }, t('signInAgain'), ' ', h('a', { href: '/login' }, t('signIn'))) : null,
        !signedOut && fault
          ? h('p', { class: 'note bad' }, t('failed', { said: fault }), ' ', h('button', { type: 'button', onclick: () => void app.refresh() }, t('retry')))
          : null,
        ...refused(reports),
        waiting ? h('p', { class: 'note wait' }, t('waiting', { n: waiting })) : null,
        drawing && !fault ? h('p', { class: 'note' }, t('drawing')) : null,
        baseAway && base() !== 'plain' ? h('p', { class: 'note wait' }, t('baseAway')) : null,
        capped ? h('p', { class: 'note wait' }, t('capped')) : null,
        told ? h('p', { class: 'note' }, told) : null,
      ].filter((one) => one !== null),
    );
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'lang', 'base', 'point')) draw();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'told') && now.told) {
      clearTimeout(timer);
      timer = window.setTimeout(() => app.tell(''), 8000);
    }
    if (differs(now, before, 'told', 'fault', 'signedOut', 'reports', 'capped', 'drawing', 'baseAway')) draw();
  });
}
