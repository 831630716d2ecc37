/** Which points of the day are shown, and how many; one rule for the list, the map and every count. */

import type { Row } from './types.ts';
import type { View } from './view.ts';

/** Screening results that are on the list, as `service.reports.model.LISTED_SCREENS`. */
export const LISTED = ['counted', 'zone_unknown'];

export interface Tally {
  points: number;
  pixels: number;
}

export type Facet = 'county' | 'status' | 'screen' | 'confidence' | 'satellite';

/** Return the rows a view shows. Without a screening filter these are the listed ones, as on paper. */
export function shown(rows: readonly Row[], view: View, but?: Facet): Row[] {
  return rows.filter((row) => passes(row, view, but));
}

export function passes(row: Row, view: View, but?: Facet): boolean {
  const screens = view.screen.length ? view.screen : LISTED;
  return (
    (but === 'screen' || screens.includes(row.screen)) &&
    (but === 'county' || view.county === '' || row.county_code === view.county) &&
    (but === 'status' || !view.status.length || view.status.includes(row.status)) &&
    (but === 'confidence' || !view.confidence.length || view.confidence.includes(row.confidence)) &&
    (but === 'satellite' || !view.satellite.length || row.satellites.some((one) => view.satellite.includes(one)))
  );
}

export function tally(rows: readonly Row[]): Tally {
  return { points: rows.length, pixels: rows.reduce((sum, row) => sum + row.pixels, 0) };
}

/** Return, per value of a facet, how many points the other filters leave; most first. */
export function facet(rows: readonly Row[], view: View, name: Facet): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (!passes(row, view, name)) continue;
    for (const value of values(row, name)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return new Map([...counts].sort((one, two) => two[1] - one[1] || (one[0] < two[0] ? -1 : 1)));
}

function values(row: Row, name: Facet): string[] {
  if (name === 'satellite') return row.satellites;
  if (name === 'county') return row.county_code === null ? [] : [row.county_code];
  return [row[name]];
}

/** Those of `service.reports.model.COLUMNS`, in their order. */
export const COLUMNS = [
  'fire_point_id', 'change', 'first_seen', 'last_seen', 'satellites', 'pixels', 'lon', 'lat', 'county_code', 'county',
  'township_code', 'township', 'grid_code', 'grid', 'duty', 'zone', 'regime', 'boundary_case', 'county_share', 'cropland_share', 'confidence',
  'frp_mw', 'screen', 'status',
] as const;
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Return rows as CSV the way the service writes it: UTF-8 with BOM, CRLF, lists joined by `;`, no formula. */
export function csv(rows: readonly Row[]): string {
  const lines = rows.map((row) => COLUMNS.map((name) => cell(row, name)).join(','));
  return `\uFEFF${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(row: Row, name: (typeof COLUMNS)[number]): string {
  const value = row[name];
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  let text: string;
  if (Array.isArray(value)) text = value.join(';');
  else if (typeof value === 'object') text = Object.keys(value).filter((level) => value[level]).sort().join(';');
  else text = value;
  if (FORMULA.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
