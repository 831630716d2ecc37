/** The layers of the map that come as vector tiles, bottom first, with what the legend says of each. */

import type { LayerSpecification } from 'maplibre-gl';

import type { Lang } from '../core/types.ts';
import type { CodeTable } from '../core/words.ts';

/** A layer before it is given its source. */
type Drawn = Omit<LayerSpecification, 'source' | 'source-layer' | 'id'> & { part: string };

export interface TileLayer {
  id: string;
  on: boolean;
  minzoom: number;
  /** Whether the tiles depend on the day shown. */
  dated: boolean;
  drawn: (lang: Lang) => Drawn[];
  legend: { colour: string; look?: 'stroke' | 'solid' | 'dot' | 'ring'; text?: string; table?: CodeTable; code?: string }[];
}

export const FONTS = ['Noto Sans SC', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', 'sans-serif'];
export const LABEL = ['Noto Sans SC'];

const ZONES: Readonly<Record<string, string>> = { ban: '#cc79a7', restricted: '#b8a800', belt_1km: '#7a5cc0', forest_edge: '#009e73', other: '#9aa0a6' };
const zoneColour = ['match', ['get', 'kind'], ...Object.entries(ZONES).flat(), ZONES['other']];

function line(part: string, colour: unknown, width: unknown, dash?: number[]): Drawn {
  return {
    part,
    type: 'line',
    layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width, ...(dash ? { 'line-dasharray': dash } : {}) },
  } as Drawn;
}

function area(part: string, colour: unknown, opacity: unknown): Drawn {
  return { part, type: 'fill', paint: { 'fill-color': colour, 'fill-opacity': opacity } } as Drawn;
}

function label(part: string, size: unknown, colour: string, minzoom: number): Drawn {
  return {
    part,
    type: 'symbol',
    minzoom,
    layout: { 'text-field': ['get', 'name'], 'text-font': LABEL, 'text-size': size, 'text-padding': 12, 'text-max-width': 8 },
    paint: { 'text-color': colour, 'text-halo-color': '#ffffff', 'text-halo-width': 1.4 },
  } as Drawn;
}

export const TILE_LAYERS: readonly TileLayer[] = [
  {
    id: 'standing',
    on: false,
    minzoom: 0,
    dated: true,
    drawn: () => [
      area(
        'fill',
        ['step', ['coalesce', ['get', 'listed'], 0], '#f7f5ef', 1, '#fbe3c0', 10, '#f5bd72', 30, '#e38a35', 100, '#a8510e'],
        0.75,
      ),
    ],
    legend: [
      { colour: '#fbe3c0', look: 'solid', text: '1' },
      { colour: '#f5bd72', look: 'solid', text: '10' },
      { colour: '#e38a35', look: 'solid', text: '30' },
      { colour: '#a8510e', look: 'solid', text: '100+' },
    ],
  },
  {
    id: 'zones',
    on: true,
    minzoom: 6,
    dated: true,
    drawn: () => [area('fill', zoneColour, 0.22), line('line', zoneColour, 1.2)],
    legend: Object.entries(ZONES).map(([kind, colour]) => ({ colour, table: 'zoneKind' as const, code: kind })),
  },
  {
    id: 'heat_cells',
    on: false,
    minzoom: 7,
    dated: true,
    drawn: () => [area('fill', '#5f3b8c', 0.3), line('line', '#5f3b8c', 1)],
    legend: [{ colour: '#5f3b8c' }],
  },
  {
    id: 'planned_burns',
    on: false,
    minzoom: 6,
    dated: true,
    drawn: () => [area('fill', '#56b4e9', 0.35), line('line', '#0072b2', 1.5, [3, 2])],
    legend: [{ colour: '#56b4e9' }],
  },
  {
    id: 'grid_cells',
    on: false,
    minzoom: 9,
    dated: true,
    drawn: () => [line('line', '#5b7089', 0.7, [2, 2]), label('label', 11, '#43566b', 12)],
    legend: [{ colour: '#5b7089', look: 'stroke' }],
  },
  {
    id: 'townships',
    on: false,
    minzoom: 8,
    dated: true,
    drawn: () => [line('line', '#7d8794', 0.8, [4, 2]), label('label', 11, '#4d5763', 10)],
    legend: [{ colour: '#7d8794', look: 'stroke' }],
  },
  {
    id: 'footprints',
    on: true,
    minzoom: 10,
    dated: true,
    drawn: () => [area('fill', '#d55e00', 0.12), line('line', '#a04600', 1)],
    legend: [{ colour: '#d55e00', look: 'stroke' }],
  },
  {
    id: 'heat_sources',
    on: false,
    minzoom: 6,
    dated: true,
    drawn: () => [
      {
        part: 'dot',
        type: 'circle',
        paint: { 'circle-radius': 5, 'circle-color': '#5f3b8c', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 },
      } as Drawn,
    ],
    legend: [{ colour: '#5f3b8c', look: 'dot' }],
  },
  {
    id: 'pending',
    on: false,
    minzoom: 0,
    dated: true,
    drawn: () => [
      {
        part: 'ring',
        type: 'circle',
        paint: { 'circle-radius': 11, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': '#0b3d63', 'circle-stroke-width': 2 },
      } as Drawn,
    ],
    legend: [{ colour: '#0b3d63', look: 'ring' }],
  },
];

/** County borders are the local base: they are always loaded, and drawn below everything else. */
export const COUNTIES = {
  fill: area('fill', '#fdfcf8', 1),
  line: line('line', '#6f7a86', ['interpolate', ['linear'], ['zoom'], 5, 0.6, 9, 1.4, 13, 2.2]),
};

export type { Drawn };
