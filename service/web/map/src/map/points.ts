/**
 * Fire points on the map. The rows of the list are drawn as they are, so that map, list and counts never differ; far out
 * they are clustered for display, and from zoom 9 on each has its own sign. Until a long list has arrived, the points
 * come from tiles.
 */

import type { FilterSpecification, GeoJSONSource, LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import type { FeatureCollection, Point } from 'geojson';

import { LISTED } from '../core/filter.ts';
import { lang } from '../core/i18n.ts';
import type { Row } from '../core/types.ts';
import { filtered, type View } from '../core/view.ts';
import { hasTiles, tileUrl } from './tiles.ts';
import { LABEL } from './layers.ts';
import { drawSigns, SIGNS, signOf } from './symbols.ts';

export const CLUSTER_MAX = 8;
export const POINT_LAYERS = ['points-sign', 'tile-points'];

/** Signs grow with the zoom, and a little with the pixels. */
const many = ['step', ['get', 'pixels'], 0.9, 3, 1.05, 8, 1.25];
const grow = ['interpolate', ['linear'], ['zoom'], 5, ['*', 0.5, many], 9, ['*', 0.7, many], 13, many];

/** Add sources and layers of the points, above everything there is. */
export function addPoints(map: MapLibre, day: string): void {
  for (const { name, image, ratio } of drawSigns()) map.addImage(name, image, { pixelRatio: ratio });
  map.addSource('points', {
    type: 'geojson',
    data: { type: 'FeatureCollection', features: [] },
    cluster: true,
    clusterMaxZoom: CLUSTER_MAX,
    clusterRadius: 50,
    clusterProperties: { pixels: ['+', ['get', 'pixels']], open: ['+', ['get', 'open']] },
  });
  if (hasTiles()) {
    map.addSource('fire_points', { type: 'vector', tiles: [tileUrl('fire_points', day)], maxzoom: 14 });
    map.addLayer({
      id: 'tile-points',
      type: 'symbol',
      source: 'fire_points',
      'source-layer': 'fire_points',
      layout: {
        visibility: 'none',
        'icon-image': ['match', ['get', 'status'], Object.keys(SIGNS), ['get', 'status'], 'unverified'],
        'icon-size': grow as never,
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
    });
  }
  for (const layer of pointLayers()) map.addLayer(layer);
}

function pointLayers(): LayerSpecification[] {
  const single: FilterSpecification = ['!', ['has', 'point_count']];
  return [
    {
      id: 'selected',
      type: 'circle',
      source: 'points',
      filter: ['==', ['get', 'id'], ''],
      paint: { 'circle-radius': 17, 'circle-color': '#ffe14d', 'circle-opacity': 0.75, 'circle-stroke-color': '#1a1a1a', 'circle-stroke-width': 2 },
    },
    {
      id: 'points-sign',
      type: 'symbol',
      source: 'points',
      filter: single,
      layout: {
        'icon-image': ['get', 'sign'],
        'icon-size': grow as never,
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'symbol-sort-key': ['get', 'open'],
      },
    },
    {
      id: 'cluster',
      type: 'circle',
      source: 'points',
      filter: ['has', 'point_count'],
      paint: {
        'circle-color': '#ffffff',
        'circle-opacity': 0.94,
        'circle-radius': ['step', ['get', 'point_count'], 20, 10, 23, 50, 26, 200, 31],
        'circle-stroke-width': 3,
        'circle-stroke-color': ['case', ['>', ['get', 'open'], 0], '#d55e00', '#5b6570'],
      },
    },
    {
      id: 'cluster-label',
      type: 'symbol',
      source: 'points',
      filter: ['has', 'point_count'],
      layout: {
        'text-field': clusterText() as never,
        'text-font': LABEL,
        'text-line-height': 1.15,
        'text-allow-overlap': true,
        'text-ignore-placement': true,
      },
      paint: { 'text-color': '#1a1a1a' },
    },
  ];
}

/** What stands in a cluster: the points, and below them the pixels. */
function clusterText(): unknown[] {
  const chinese = lang() === 'zh';
  return [
    'format',
    ['concat', ['to-string', ['get', 'point_count']], chinese ? '处' : ''],
    { 'font-scale': 0.8 },
    '\n',
    {},
    ['concat', ['to-string', ['get', 'pixels']], chinese ? '像元' : ' px'],
    { 'font-scale': 0.62 },
  ];
}

/** Milliseconds after which tiles stand in for a list that has not come: both at once would make the list later. */
const STAND_IN = 2000;
let standIn = 0;

/** Draw these rows; with none yet, the tiles stand in, under the same filters as far as tiles know them. */
export function setPoints(map: MapLibre, rows: readonly Row[] | null, view: View): void {
  const source = map.getSource<GeoJSONSource>('points');
  if (!source) return;
  source.setData(collection(rows ?? []));
  if (!map.getLayer('tile-points')) return;
  clearTimeout(standIn);
  if (rows !== null) map.setLayoutProperty('tile-points', 'visibility', 'none');
  else {
    standIn = window.setTimeout(() => {
      map.setFilter('tile-points', tileFilter(view));
      map.setLayoutProperty('tile-points', 'visibility', 'visible');
    }, STAND_IN);
  }
}

/** Under filters, draw the pixels of the points that pass them: squares without their points would pass for fires. */
export function filterFootprints(map: MapLibre, rows: readonly Row[] | null, view: View): void {
  const ids = rows !== null && filtered(view) ? rows.map((row) => row.fire_point_id) : null;
  const passing = ids && (ids.length ? ['match', ['get', 'fire_point_id'], ids, true, false] : ['literal', false]);
  for (const part of ['fill', 'line']) {
    const layer = `footprints-${part}`;
    if (map.getLayer(layer)) map.setFilter(layer, passing as FilterSpecification | null, { validate: false });
  }
}

function tileFilter(view: View): FilterSpecification {
  const among = (name: string, values: readonly string[]): unknown => ['in', ['get', name], ['literal', values]];
  return [
    'all',
    among('screen', view.screen.length ? view.screen : LISTED),
    ...(view.county ? [['==', ['get', 'county_code'], view.county]] : []),
    ...(view.status.length ? [among('status', view.status)] : []),
    ...(view.confidence.length ? [among('confidence', view.confidence)] : []),
  ] as FilterSpecification;
}

export function setSelected(map: MapLibre, id: string | null): void {
  if (map.getLayer('selected')) map.setFilter('selected', ['==', ['get', 'id'], id ?? '']);
}

export function relabel(map: MapLibre): void {
  if (map.getLayer('cluster-label')) map.setLayoutProperty('cluster-label', 'text-field', clusterText());
}

const OPEN = new Set(['unverified', 'denial_unreviewed']);

function collection(rows: readonly Row[]): FeatureCollection<Point> {
  return {
    type: 'FeatureCollection',
    features: rows.map((row) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [row.lon, row.lat] },
      properties: {
        id: row.fire_point_id,
        pixels: row.pixels,
        open: OPEN.has(row.status) ? 1 : 0,
        sign: signOf(row.screen, row.status),
      },
    })),
  };
}
