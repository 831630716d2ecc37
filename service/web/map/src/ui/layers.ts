/** The layers, each with its legend; what is off by default says so in the address when it is on. */

import type { App } from '../app.ts';
import { fill, h } from '../core/dom.ts';
import { code, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import { CODES } from '../core/words.ts';
import type { View } from '../core/view.ts';
import { TILE_LAYERS, type TileLayer } from '../map/layers.ts';
import { icon, SIGNS } from '../map/symbols.ts';
import { hasTiles } from '../map/tiles.ts';

const BASES = ['plain', 'vec', 'img'] as const;

export function layerOn(view: View, layer: TileLayer): boolean {
  return layer.on !== view.layers.includes(layer.id);
}

export function mountLayers(app: App, root: HTMLElement): void {
  let hidden = '';
  const draw = (): void => {
    hidden = far(app).join(' ');
    fill(root, base(app), points(), hasTiles() ? [...TILE_LAYERS].reverse().map((layer) => entry(app, layer)) : h('p', { class: 'quiet' }, t('noTiles')));
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'layers', 'lang', 'base') || (differs(now, before, 'place') && far(app).join(' ') !== hidden)) draw();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'session', 'list')) draw();
  });
  draw();
}

/** Layers that the map is too far out for: their legend says so, or nothing drawn would pass for nothing there. */
function far(app: App): string[] {
  const zoom = app.map?.place().zoom ?? 0;
  return TILE_LAYERS.filter((layer) => zoom < layer.minzoom).map((layer) => layer.id);
}

function base(app: App): HTMLElement | null {
  if (!app.data.get().session?.tianditu) return null;
  return h(
    'fieldset',
    null,
    h('legend', null, t('base')),
    BASES.map((name) =>
      h(
        'label',
        { class: 'line' },
        h('input', { type: 'radio', name: 'base', 'data-key': `base-${name}`, checked: app.view.get().base === name, onchange: () => app.go({ base: name }) }),
        t(`base_${name}`),
      ),
    ),
  );
}

function points(): HTMLElement {
  return h(
    'section',
    { class: 'legend' },
    h('h2', null, `${code('layer', 'fire_points')} · ${t('legend')}`),
    h(
      'ul',
      null,
      Object.keys(SIGNS).map((name) => h('li', null, icon(name, 18), name === 'left_out' ? t('leftOutSign') : code('status', name))),
      h('li', null, h('span', { class: 'bubble', 'aria-hidden': 'true' }, '12'), t('clusterLegend')),
    ),
  );
}

function entry(app: App, layer: TileLayer): HTMLElement {
  const on = layerOn(app.view.get(), layer);
  const others = app.view.get().layers.filter((one) => one !== layer.id);
  const next = on === layer.on ? [...others, layer.id] : others;
  return h(
    'div',
    { class: layer.legend.length > 1 ? 'layer' : 'layer single' },
    h(
      'label',
      { class: 'line' },
      h('input', { type: 'checkbox', 'data-key': `layer-${layer.id}`, checked: on, onchange: () => app.go({ layers: next }) }),
      code('layer', layer.id),
      far(app).includes(layer.id) ? h('span', { class: 'quiet' }, t('zoomIn')) : null,
    ),
    h(
      'ul',
      { class: 'keys' },
      layer.legend.map((one) => {
        const swatch = h('span', { class: `swatch ${one.look ?? ''}`, 'aria-hidden': 'true' });
        swatch.style.setProperty('--colour', one.colour);
        return h('li', null, swatch, one.table && one.code && one.code in CODES[one.table] ? code(one.table, one.code) : (one.text ?? ''));
      }),
    ),
  );
}
