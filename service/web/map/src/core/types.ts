/** What the service answers, as far as the map reads it (DESIGN section 6 and the routes under /api/v1). */

export type Lang = 'zh' | 'en';

export interface Envelope<T> {
  schema: string;
  revision: number;
  data: T;
  warnings: string[];
}

/** One row of the fire list, in patrol order; a screened-out point has the same shape. */
export interface Row {
  fire_point_id: string;
  change: string | null;
  first_seen: string;
  last_seen: string;
  satellites: string[];
  pixels: number;
  lon: number;
  lat: number;
  county_code: string | null;
  county: string | null;
  township_code: string | null;
  township: string | null;
  grid_code: string | null;
  grid: string | null;
  duty: string[];
  zone: string | null;
  regime: string;
  boundary_case: Record<string, boolean>;
  county_share: number | null;
  cropland_share: number | null;
  confidence: string;
  frp_mw: number | null;
  screen: string;
  status: string;
}

export interface Feed {
  satellite: string;
  state: string;
  first_seen: string | null;
  last_seen: string | null;
}

export interface FireList {
  fire_day: string;
  issue: number | null;
  feeds: Feed[];
  counts: {
    pixels: number;
    fire_points: number;
    listed: number;
    listed_pixels: number;
    left_out: Record<string, number>;
  };
  status: string;
  rows: Row[];
  header?: { unit?: string; last_ingest?: string | null };
}

/** A fire point as `/api/v1/firepoints` tells it. */
export interface FirePoint extends Omit<Row, 'first_seen' | 'last_seen' | 'duty' | 'change'> {
  fire_day: string;
  first_at: string;
  last_at: string;
  city: string | null;
  border_distance_m: number | null;
  neighbours: Record<string, unknown>;
  regime_zh: string;
  regime_en: string;
  reasons: Record<string, unknown>[];
  informal: boolean;
  layers: Record<string, LayerUsed>;
  duties: Record<string, unknown>[];
}

export interface LayerUsed {
  set?: string;
  name?: string;
  version?: number | string;
  status?: string;
  statuses?: string[];
}

/** A code with its words, as the service says them. */
export interface Said {
  code: string;
  zh: string;
  en: string;
}

export type Box = [number, number, number, number];

export interface Session {
  name: string;
  role: string;
  unit: { code: string; name: string; bbox: Box | null } | null;
  /** Where a map opens: the unit, or the service area. */
  area: { code: string; name: string; bbox: Box | null } | null;
  permissions: string[];
  today: string;
  fire_day: string;
  /** Instant of the day at which a fire day begins. */
  cut: string;
  last_day: string | null;
  map_approval: string | null;
  attribution: string;
  attribution_en?: string;
  status: string;
  layers: (Said & { layer: string; name: string; status: string })[];
  tianditu: boolean;
  disclaimer_zh: string;
  disclaimer_en: string;
}

export interface CalendarDay {
  day: string;
  pixels: number;
  fire_points: number;
  listed: number;
  listed_pixels: number;
  left_out: number;
  confirmed: number;
  denied: number;
  unverified: number;
  /** How many satellites reported; 0 says that nobody looked. */
  satellites: number;
}

export interface SeasonSpan {
  season: string;
  start: string;
  end: string;
}

export interface Calendar {
  days: CalendarDay[];
  seasons: SeasonSpan[];
}

/** A fire point as the card route tells it. */
export interface Card {
  asked: string;
  fire_point_id: string;
  resolves_to: string | null;
  withdrawn: boolean;
  fire_day: string;
  first_seen: string;
  last_seen: string;
  lon: number;
  lat: number;
  pixels: number;
  satellites: string[];
  frp_mw: number | null;
  confidence: string;
  marks: { informal: boolean; statuses: Said[] };
  units: { level: string; code: string; name: string | null; level_zh: string; level_en: string }[];
  shares: {
    county_share: number | null;
    border_distance_m: number | null;
    cropland_share: number | null;
    counties: { code: string | null; name: string | null; share: number }[];
  };
  zone: { code: string; name: string | null; kind: string | null } | null;
  regime: { code: string; title_zh: string; title_en: string; zh: string; en: string };
  boundary: { doubtful: boolean; levels: Said[] };
  screening: Said & { reasons: { flag: boolean; zh: string; en: string }[] };
  verification: Said & {
    contradicted: boolean;
    area_mu: string | null;
    due: string | null;
    levels: string[];
    records: { finding: string; level: string; found_at: string; person: string; note: string | null; area_mu: string | null; decides: boolean }[];
  };
  rulings: { kind: string; value: string; reason: string; actor: string; at: string; in_force: boolean }[];
  pending: { zh: string; en: string }[];
  money: { zh: string; en: string; clause: string | null; amount: string | null; payer_name: string | null; rulebook: { title: string; informal: boolean } | null }[] | null;
  duties: { role_zh: string; role_en: string; title: string | null; person: string; phone: string | null }[];
  lists: { unit: string; unit_name: string; number: number; fire_day: string; listed: boolean }[];
  layers: { layer: string; name: string | null; version: string | null; statuses: Said[] }[];
  navigate: { links: { map: string; platform: string; zh: string; en: string; datum: string; uri: string }[] };
}

export interface Unit {
  code: string | null;
  name: string;
  level: string;
  parent?: string | null;
  bbox?: [number, number, number, number] | null;
}

/** What a text in the search box may mean. */
export interface Found {
  units: Unit[];
  fire_points: { fire_point_id: string; fire_day: string; lon: number; lat: number; county: string | null; township: string | null }[];
}

export interface StandingRow {
  code: string | null;
  name: string;
  level: string;
  listed: number;
  verified: number;
  denied: number;
  denial_unreviewed: number;
  other: number;
  overdue: number | null;
  unverified: number;
  verification_rate: string | null;
  amount: string | null;
  rank: number | null;
}

export interface Standing {
  season: string;
  level: string;
  through: string;
  informal: boolean;
  rank_rule: { zh: string; en: string };
  notes: { zh: string; en: string }[];
  rows: StandingRow[];
}

/** A finding as it is posted. */
export interface VerificationBody {
  finding: string;
  level: string;
  found_at: string;
  note?: string;
  person?: string;
  area?: string;
  source_kind?: string;
  lon?: number;
  lat?: number;
}
