/**
 * One name per county. A polygon that crosses tiles would be named once in each, so the names are placed here: in the
 * middle of what the screen shows of a county, weighted by area.
 */

import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Feature, MultiPolygon, Point, Polygon, Position } from 'geojson';

import { LABEL } from './layers.ts';

const SOURCE = 'county-names';
const MIN_ZOOM = 5.5;

interface Middle {
  area: number;
  lon: number;
  lat: number;
  name: string;
}

/** Add the names of the counties and keep them placed. */
export function addCountyNames(map: MapLibre): void {
  map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
  map.addLayer({
    id: SOURCE,
    type: 'symbol',
    source: SOURCE,
    minzoom: MIN_ZOOM,
    layout: {
      'text-field': ['get', 'name'],
      'text-font': LABEL,
      'text-size': ['interpolate', ['linear'], ['zoom'], 5.5, 10, 8, 13, 12, 16],
      'text-letter-spacing': 0.08,
      'text-padding': 4,
      'symbol-sort-key': ['-', 0, ['get', 'area']],
    },
    paint: { 'text-color': '#3a444f', 'text-halo-color': '#ffffff', 'text-halo-width': 1.5 },
  });
  let drawn = '';
  map.on('idle', () => {
    if (map.getZoom() < MIN_ZOOM) return;
    const names = placed(map);
    const now = JSON.stringify(names);
    if (now === drawn) return; // drawing is what ends in the next idle
    drawn = now;
    void map.getSource<GeoJSONSource>(SOURCE)!.setData({ type: 'FeatureCollection', features: names });
  });
}

function placed(map: MapLibre): Feature<Point>[] {
  const view = map.getBounds();
  const screen = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()] as const;
  const seen = new Set<string>();
  const middles = new Map<string, Middle>();
  for (const one of map.querySourceFeatures('counties', { sourceLayer: 'counties' })) {
    const code = String(one.properties['code']);
    const rings = polygons(one.geometry as Polygon | MultiPolygon);
    const key = `${code} ${JSON.stringify(rings[0]?.[0])}`;
    if (seen.has(key)) continue; // a tile may be held twice
    seen.add(key);
    for (const ring of rings) weigh(middles, code, String(one.properties['name']), clip(ring, screen));
  }
  return [...middles].map(([code, one]) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [round(one.lon / one.area), round(one.lat / one.area)] },
    properties: { code, name: one.name, area: round(one.area) },
  }));
}

function polygons(shape: Polygon | MultiPolygon): Position[][] {
  const outer = shape.type === 'Polygon' ? [shape.coordinates[0]] : shape.coordinates.map((one) => one[0]);
  return outer.filter((one) => one !== undefined);
}

/** Add a ring's area and its centroid times that area. */
function weigh(middles: Map<string, Middle>, code: string, name: string, ring: Position[]): void {
  let [area, lon, lat] = [0, 0, 0];
  ring.forEach(([x = 0, y = 0], place) => {
    const [u = 0, v = 0] = ring[(place + 1) % ring.length]!;
    const cross = x * v - u * y;
    area += cross / 2;
    lon += ((x + u) * cross) / 6;
    lat += ((y + v) * cross) / 6;
  });
  if (area === 0) return;
  const sign = Math.sign(area);
  const one = middles.get(code) ?? { area: 0, lon: 0, lat: 0, name };
  middles.set(code, { name, area: one.area + sign * area, lon: one.lon + sign * lon, lat: one.lat + sign * lat });
}

/** Cut a ring to a box, side by side (Sutherland and Hodgman). */
function clip(ring: Position[], [west, south, east, north]: readonly [number, number, number, number]): Position[] {
  const sides: [axis: 0 | 1, limit: number, sign: 1 | -1][] = [
    [0, west, 1],
    [0, east, -1],
    [1, south, 1],
    [1, north, -1],
  ];
  let points = ring;
  for (const [axis, limit, sign] of sides) {
    const inside = (one: Position): boolean => sign * (one[axis]! - limit) >= 0;
    const next: Position[] = [];
    points.forEach((one, place) => {
      const before = points[(place + points.length - 1) % points.length]!;
      if (inside(one) !== inside(before)) {
        const share = (limit - before[axis]!) / (one[axis]! - before[axis]!);
        next.push([before[0]! + share * (one[0]! - before[0]!), before[1]! + share * (one[1]! - before[1]!)]);
      }
      if (inside(one)) next.push(one);
    });
    points = next;
  }
  return points;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
