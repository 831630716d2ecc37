/** The map itself: made once, kept in line with the view and the rows. */

import maplibre, { type GeoJSONSource, type MapMouseEvent } from 'maplibre-gl/dist/maplibre-gl-csp.js';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-csp-worker.js?url';
import 'maplibre-gl/dist/maplibre-gl.css';

import { lang } from '../core/i18n.ts';
import type { Row } from '../core/types.ts';
import type { Place, View } from '../core/view.ts';
import { FONTS, type TileLayer } from './layers.ts';
import { addPoints, CLUSTER_MAX, filterFootprints, POINT_LAYERS, relabel, setPoints, setSelected } from './points.ts';
import { addCounties, capped, hasTiles, refreshTiles, syncLayers } from './tiles.ts';

maplibre.setWorkerUrl(workerUrl);

export interface Wishes {
  day: string;
  place: Place | null;
  view: () => View;
  layerOn: (layer: TileLayer) => boolean;
  /** Whether a tile on the screen says that it holds less than there is. */
  onCapped: (capped: boolean) => void;
  /** Whether somebody has been waiting for a while for the map to be whole. */
  onBusy: (busy: boolean) => void;
  /** Whether tiles of somebody else's base map fail to come. */
  onBaseAway: (away: boolean) => void;
  onMove: (place: Place) => void;
  /** Points under a click, each once; none closes the card. */
  onPick: (ids: string[]) => void;
  onFault: (error: unknown) => void;
}

/** Height of the card on a phone, as `style.css` has it, above the foot of the page. */
const CARD_SHARE = 0.62;

/** Milliseconds after which a map that is not whole yet says so. */
const PATIENCE = 1200;

type Box = [number, number, number, number];

/** Jilin, where no unit of the reader says better. */
const HOME: Box = [121.6, 40.8, 131.4, 46.4];

export class FireMap {
  readonly map: maplibre.Map;
  private readonly wishes: Wishes;
  private below = '';
  private day: string;
  private rows: readonly Row[] | null = null;
  private chosen: string | null = null;
  private ready = false;
  private patience = 0;
  private base = 'plain';

  constructor(container: HTMLElement, wishes: Wishes) {
    this.wishes = wishes;
    this.day = wishes.day;
    const { place } = wishes;
    this.map = new maplibre.Map({
      container,
      style: { version: 8, sources: {}, layers: [{ id: 'ground', type: 'background', paint: { 'background-color': '#e4e8eb' } }] },
      ...(place ? { center: [place.lon, place.lat], zoom: place.zoom } : { bounds: HOME, fitBoundsOptions: { padding: 12 } }),
      attributionControl: false, // ours stands below the map, always open
      localIdeographFontFamily: FONTS.join(','),
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 18,
      minZoom: 3,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
    this.map.addControl(new maplibre.ScaleControl({ unit: 'metric' }), 'bottom-left');
    this.map.on('load', () => this.load());
    this.map.on('moveend', () => wishes.onMove(this.place()));
    this.map.on('click', (event) => this.click(event));
    this.map.on('dataloading', () => this.busy());
    this.map.on('idle', () => this.done());
    this.map.on('error', (event) => {
      if (String((event as { sourceId?: string }).sourceId ?? '').startsWith('base-')) wishes.onBaseAway(true);
      wishes.onFault(event.error);
      this.map.triggerRepaint(); // a tile that fails draws nothing, and without a frame the map is never told to be whole
    });
    for (const name of ['cluster', ...POINT_LAYERS]) {
      this.map.on('mouseenter', name, () => (this.map.getCanvas().style.cursor = 'pointer'));
      this.map.on('mouseleave', name, () => (this.map.getCanvas().style.cursor = ''));
    }
  }

  /** Say, after a while, that the map is not whole: borders that have not come must not be taken for none. */
  private busy(): void {
    if (this.patience) return;
    this.patience = window.setTimeout(() => this.wishes.onBusy(!this.ready || !this.map.areTilesLoaded()), PATIENCE);
  }

  private done(): void {
    clearTimeout(this.patience);
    this.patience = 0;
    this.wishes.onBusy(false);
  }

  private load(): void {
    if (hasTiles()) this.below = addCounties(this.map, this.day);
    addPoints(this.map, this.day);
    this.ready = true;
    this.sync();
    setPoints(this.map, this.rows, this.wishes.view());
    setSelected(this.map, this.chosen);
    this.setBase(this.base);
    this.map.on('idle', () => this.wishes.onCapped(capped(this.map)));
    this.map.once('idle', () => document.documentElement.setAttribute('data-ready', 'yes'));
  }

  place(): Place {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  /** Draw the rows of a day; null while they are on their way. */
  show(day: string, rows: readonly Row[] | null): void {
    this.rows = rows;
    const changed = day !== this.day;
    this.day = day;
    if (!this.ready) return;
    if (changed) refreshTiles(this.map, day);
    setPoints(this.map, rows, this.wishes.view());
    filterFootprints(this.map, rows, this.wishes.view());
  }

  /** Read the tiles again: the data behind them has changed. */
  refresh(): void {
    if (this.ready) refreshTiles(this.map, this.day);
  }

  sync(): void {
    if (!this.ready || !hasTiles()) return;
    syncLayers(this.map, this.day, this.wishes.layerOn, lang(), this.below);
    filterFootprints(this.map, this.rows, this.wishes.view());
  }

  relabel(): void {
    if (this.ready) relabel(this.map);
  }

  select(id: string | null): void {
    this.chosen = id;
    if (this.ready) setSelected(this.map, id);
  }

  /** Bring a point into view beside its card, close enough to stand alone. */
  goTo(lon: number, lat: number): void {
    const phone = matchMedia('(max-width: 760px)').matches;
    const { top, width, height } = this.map.getContainer().getBoundingClientRect();
    const foot = document.getElementById('footer')?.offsetHeight ?? 0;
    const open = (innerHeight - foot) * (1 - CARD_SHARE) - top; // what the card leaves of the map on a phone
    const offset: [number, number] = phone ? [0, open / 2 - height / 2] : [-Math.min(190, width / 4), 0];
    this.map.easeTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), CLUSTER_MAX + 2.5), offset, duration: calm() });
  }

  /** Show a place at once, as the address has it. */
  jump({ lon, lat, zoom }: Place): void {
    this.map.jumpTo({ center: [lon, lat], zoom });
  }

  fit(box: Box): void {
    this.map.fitBounds(box, { padding: 40, maxZoom: 12, duration: calm() });
  }

  fitRows(rows: readonly Row[]): void {
    if (!rows.length) return;
    const lons = rows.map((row) => row.lon);
    const lats = rows.map((row) => row.lat);
    this.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
  }

  /** Put a base map under everything; `plain` is none but our own borders. */
  setBase(base: string): void {
    const before = this.base;
    this.base = base;
    if (!this.ready) return;
    if (base === before && (base === 'plain' || this.map.getLayer(`base-${base}`))) return;
    this.wishes.onBaseAway(false);
    for (const layer of this.map.getLayersOrder().filter((id) => id.startsWith('base-'))) this.map.removeLayer(layer);
    const plain = base !== 'vec' && base !== 'img';
    if (!plain) {
      const first = this.map.getLayersOrder()[1];
      for (const kind of base === 'vec' ? ['vec', 'cva'] : ['img', 'cia']) {
        if (!this.map.getSource(`base-${kind}`)) {
          this.map.addSource(`base-${kind}`, {
            type: 'raster',
            tiles: [`${location.origin}/base/tianditu/${kind}/{z}/{x}/{y}`],
            tileSize: 256,
            maxzoom: 18,
          });
        }
        this.map.addLayer({ id: `base-${kind}`, type: 'raster', source: `base-${kind}` }, first);
      }
    }
    if (this.map.getLayer('counties-fill')) {
      this.map.setLayoutProperty('counties-fill', 'visibility', plain ? 'visible' : 'none');
      this.map.setLayoutProperty('county-names', 'visibility', plain ? 'visible' : 'none');
    }
  }

  /** Return the map as it stands, for the printed sheet: drawn and read in one turn, before the screen takes it. */
  picture(): string {
    this.map.redraw();
    return this.map.getCanvas().toDataURL('image/png');
  }

  private click(event: MapMouseEvent): void {
    if (!this.ready) return;
    const { x, y } = event.point;
    const around: [[number, number], [number, number]] = [
      [x - 7, y - 7],
      [x + 7, y + 7],
    ];
    const [cluster] = this.map.queryRenderedFeatures(event.point, { layers: ['cluster'] });
    if (cluster) {
      void this.open(Number(cluster.properties['cluster_id']), (cluster.geometry as unknown as { coordinates: [number, number] }).coordinates);
      return;
    }
    const layers = POINT_LAYERS.filter((name) => this.map.getLayer(name));
    const hits = this.map.queryRenderedFeatures(around, { layers });
    const ids = hits.map((hit) => String(hit.properties['id'] ?? hit.properties['fire_point_id']));
    this.wishes.onPick([...new Set(ids)]);
  }

  private async open(id: number, center: [number, number]): Promise<void> {
    const zoom = await this.map.getSource<GeoJSONSource>('points')!.getClusterExpansionZoom(id);
    this.map.easeTo({ center, zoom: Math.min(zoom + 0.3, CLUSTER_MAX + 1.5), duration: calm() });
  }
}

/** How long a movement takes: none for those who asked for none. */
function calm(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 400;
}
