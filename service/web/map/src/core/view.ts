/** The view, as it stands in the address: date, filters, position, selected point. Pure, so that it can be tested. */

import type { Lang } from './types.ts';

export interface Place {
  lon: number;
  lat: number;
  zoom: number;
}

export const PANELS = ['list', 'season', 'standing', 'layers'] as const;
export type Panel = (typeof PANELS)[number];

export interface View {
  /** Null follows today. */
  date: string | null;
  lang: Lang;
  county: string;
  status: string[];
  screen: string[];
  confidence: string[];
  satellite: string[];
  place: Place | null;
  point: string | null;
  panel: Panel;
  /** Layers that differ from their default. */
  layers: string[];
  base: string;
}

export const EMPTY: View = {
  date: null,
  lang: 'zh',
  county: '',
  status: [],
  screen: [],
  confidence: [],
  satellite: [],
  place: null,
  point: null,
  panel: 'list',
  layers: [],
  base: 'plain',
};

const LISTS = ['status', 'screen', 'confidence', 'satellite', 'layers'] as const;
const CODE = /^[A-Za-z0-9._-]{1,64}$/;
const WORD = /^[A-Za-z0-9 ._-]{1,40}$/;

/** Return the view of an address; what is not understood is left out, never guessed. */
export function decode(search: string): View {
  const given = new URLSearchParams(search);
  const view: View = { ...EMPTY };
  const date = given.get('date');
  if (date !== null && isDay(date)) view.date = date;
  if (given.get('lang') === 'en') view.lang = 'en';
  for (const name of LISTS) {
    view[name] = (given.get(name) ?? '').split(',').filter((one) => WORD.test(one));
  }
  const county = given.get('county') ?? '';
  if (CODE.test(county)) view.county = county;
  const point = given.get('point') ?? '';
  if (CODE.test(point)) view.point = point;
  const panel = given.get('panel');
  view.panel = PANELS.find((one) => one === panel) ?? 'list';
  const base = given.get('base') ?? '';
  if (CODE.test(base)) view.base = base;
  view.place = place(given.get('at'));
  return view;
}

/** Return the query string of a view, the shortest that gives it back; empty for the first view. */
export function encode(view: View): string {
  const out: string[] = [];
  const put = (name: string, value: string): void => {
    if (value !== '') out.push(`${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`);
  };
  put('date', view.date ?? '');
  put('lang', view.lang === 'zh' ? '' : view.lang);
  put('county', view.county);
  for (const name of LISTS) put(name, view[name].join(','));
  if (view.place) {
    const { lon, lat, zoom } = view.place;
    put('at', `${lon.toFixed(4)},${lat.toFixed(4)},${zoom.toFixed(2)}`);
  }
  put('point', view.point ?? '');
  put('panel', view.panel === 'list' ? '' : view.panel);
  put('base', view.base === 'plain' ? '' : view.base);
  return out.length ? `?${out.join('&')}` : '';
}

/** Whether anything is filtered. */
export function filtered(view: View): boolean {
  return view.county !== '' || [view.status, view.screen, view.confidence, view.satellite].some((one) => one.length > 0);
}

function place(text: string | null): Place | null {
  const [lon, lat, zoom, ...rest] = (text ?? '').split(',').map(Number);
  if (lon === undefined || lat === undefined || zoom === undefined || rest.length) return null;
  const sound = Math.abs(lon) <= 180 && Math.abs(lat) <= 85 && zoom >= 0 && zoom <= 22;
  return sound ? { lon, lat, zoom } : null;
}

/** Whether a text is a calendar day, written ISO. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}
