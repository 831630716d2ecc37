/** Addresses of the service's tiles, and the sources and layers made from them. */

import type { LayerSpecification, Map as MapLibre, VectorTileSource } from 'maplibre-gl';

import { offers } from '../core/api.ts';
import type { Lang } from '../core/types.ts';
import { addCountyNames } from './labels.ts';
import { COUNTIES, TILE_LAYERS, type Drawn, type TileLayer } from './layers.ts';

const MAX_ZOOM = 14;

/** Return the address of a layer's tiles; fire points and pixels are those of the day alone. */
export function tileUrl(layer: string, day: string): string {
  const filter = layer === 'fire_points' || layer === 'footprints' ? `&filter=${encodeURIComponent(`fire_day = DATE('${day}')`)}` : '';
  return `${location.origin}/ogc/collections/${layer}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt&day=${day}${filter}`;
}

/** Add the local base: the counties' ground, borders and names; return the layer that others go below. */
export function addCounties(map: MapLibre, day: string): string {
  map.addSource('counties', { type: 'vector', tiles: [tileUrl('counties', day)], maxzoom: MAX_ZOOM });
  for (const [part, drawn] of Object.entries(COUNTIES)) map.addLayer(layerOf('counties', { ...drawn, part }));
  addCountyNames(map);
  return 'counties-line'; // borders and names stay legible on whatever is filled in
}

/** Bring the layers on the map in line with what is switched on; a source is made when it is first needed. */
export function syncLayers(map: MapLibre, day: string, on: (layer: TileLayer) => boolean, lang: Lang, below: string): void {
  TILE_LAYERS.forEach((layer, place) => {
    const wanted = on(layer);
    if (wanted && !map.getSource(layer.id)) {
      map.addSource(layer.id, { type: 'vector', tiles: [tileUrl(layer.id, day)], minzoom: layer.minzoom, maxzoom: MAX_ZOOM });
      const above = TILE_LAYERS.slice(place + 1).map((one) => firstLayer(map, one.id)).find((id) => id !== undefined);
      for (const drawn of layer.drawn(lang)) map.addLayer(layerOf(layer.id, drawn), above ?? below);
    }
    for (const id of layersOf(map, layer.id)) map.setLayoutProperty(id, 'visibility', wanted ? 'visible' : 'none');
  });
}

/** Ask for tiles of another day, or again for the same day when the data has changed. */
export function refreshTiles(map: MapLibre, day: string): void {
  for (const name of ['counties', 'fire_points', ...TILE_LAYERS.map((one) => one.id)]) {
    const source = map.getSource<VectorTileSource>(name);
    if (source?.type === 'vector') source.setTiles([tileUrl(name, day)]);
  }
}

function layerOf(source: string, drawn: Drawn): LayerSpecification {
  const { part, ...rest } = drawn;
  return { ...rest, id: `${source}-${part}`, source, 'source-layer': source } as LayerSpecification;
}

function layersOf(map: MapLibre, source: string): string[] {
  return map.getLayersOrder().filter((id) => id.startsWith(`${source}-`));
}

function firstLayer(map: MapLibre, source: string): string | undefined {
  return layersOf(map, source)[0];
}

/** Whether some tile on the screen was cut at its cap. */
export function capped(map: MapLibre): boolean {
  const seen = new Set(map.getLayersOrder().filter((id) => map.getLayoutProperty(id, 'visibility') !== 'none').map((id) => map.getLayer(id)?.source));
  return [...seen].some((id) => id !== undefined && map.getSource(id)?.type === 'vector' && map.querySourceFeatures(id, { sourceLayer: '_capped' }).length > 0);
}

export function hasTiles(): boolean {
  return offers('tiles');
}
