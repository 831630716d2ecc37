/** The panel beside the map (below it on a phone): four tabs, one shown. */

import type { App } from '../app.ts';
import { byKey, fill, h } from '../core/dom.ts';
import { t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import { PANELS, type Panel } from '../core/view.ts';
import { mountFilters } from './filters.ts';
import { mountLayers } from './layers.ts';
import { mountList } from './list.ts';
import { mountSeason } from './season.ts';
import { mountStanding } from './standing.ts';

/** A part tells whether it is on the screen, so that it reads its data only then. */
export type Part = (app: App, root: HTMLElement, active: () => boolean) => void;

const PARTS: Record<Panel, Part> = { list: mountList, season: mountSeason, standing: mountStanding, layers: mountLayers };

export function mountPanel(app: App, root: HTMLElement): void {
  const tabs = h('div', { class: 'tabs', role: 'tablist' });
  const filters = h('div', { class: 'filters' });
  const bodies = PANELS.map((name) => h('div', { class: `body ${name}`, id: `part-${name}`, role: 'tabpanel', tabindex: 0 }));
  const open = (wanted: boolean): void => {
    root.classList.toggle('open', wanted);
    if (wanted && matchMedia('(max-width: 760px)').matches) filters.querySelector('details')?.removeAttribute('open');
    draw();
  };
  const select = (name: Panel): void => {
    const again = app.view.get().panel === name && root.classList.contains('open');
    app.go({ panel: name });
    open(!again);
  };
  const draw = (): void => {
    const { panel } = app.view.get();
    fill(
      tabs,
      PANELS.map((name) =>
        h(
          'button',
          {
            type: 'button',
            role: 'tab',
            'data-key': name,
            id: `tab-${name}`,
            'aria-controls': `part-${name}`,
            'aria-selected': String(name === panel),
            tabindex: name === panel ? 0 : -1,
            onclick: () => select(name),
            onkeydown: (event: KeyboardEvent) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              if (!step) return;
              const next = PANELS[(PANELS.indexOf(name) + step + PANELS.length) % PANELS.length]!;
              app.go({ panel: next });
              byKey(tabs, next)?.focus();
            },
          },
          t(name),
        ),
      ),
    );
    PANELS.forEach((name, place) => {
      bodies[place]!.hidden = name !== panel;
      bodies[place]!.setAttribute('aria-labelledby', `tab-${name}`);
    });
  };
  root.append(filters, tabs, ...bodies);
  mountFilters(app, filters);
  PANELS.forEach((name, place) => PARTS[name](app, bodies[place]!, () => app.view.get().panel === name));
  app.view.watch((now, before) => {
    if (differs(now, before, 'panel', 'lang')) draw();
    if (now.point !== null && now.point !== before.point) root.classList.remove('open'); // the card comes in its place
  });
  draw();
}
