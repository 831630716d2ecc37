/** What a card shows, made from the service's answer: its card where it has one, else the fire point itself. */

import { get, offers } from '../core/api.ts';
import { shortSpan } from '../core/days.ts';
import { aside, clauses, code, either, listing, number, percent, t, yuan } from '../core/i18n.ts';
import type { Card, FireList, FirePoint, LayerUsed, Row } from '../core/types.ts';

export interface Line {
  title: string;
  texts: string[];
}

export interface CardData {
  id: string;
  asked: string;
  resolvesTo: string | null;
  place: string;
  day: string;
  lon: number;
  lat: number;
  screen: string;
  status: string;
  marks: string[];
  lines: Line[];
  calls: { text: string; tel: string }[];
  ways: { text: string; href: string; web: boolean }[];
  /** At which the reader may record. */
  levels: string[];
}

interface Told extends FirePoint {
  asked: string;
  resolves_to: string | null;
  verifications?: Record<string, unknown>[];
}

/** Read a point; what comes back says it in the language in force whenever it is asked. */
export async function readCard(id: string): Promise<() => CardData> {
  const path = `/firepoints/${encodeURIComponent(id)}`;
  if (offers('card')) {
    const card = (await get<Card>(`${path}/card`)).data;
    return () => ofCard(card);
  }
  const point = (await get<Told>(path)).data;
  return () => ofPoint(point);
}

function ofCard(card: Card): CardData {
  const narrow = card.units.filter((one) => one.level !== 'province' && one.level !== 'city');
  const place = narrow.map((one) => one.name ?? one.code).join(' · ') || t('noCounty');
  const say = (one: { zh: string; en: string }): string => either(one.zh, one.en);
  const regime = [either(card.regime.title_zh, card.regime.title_en), say(card.regime)].filter(Boolean);
  return {
    id: card.fire_point_id,
    asked: card.asked,
    resolvesTo: card.resolves_to,
    place,
    day: card.fire_day,
    lon: card.lon,
    lat: card.lat,
    screen: card.screening.code,
    status: card.verification.code,
    levels: card.verification.levels,
    marks: [...card.marks.statuses.map(say), ...(card.withdrawn ? [t('withdrawn')] : [])],
    lines: [
      { title: t('whose'), texts: [card.units.map((one) => one.name ?? one.code).join(' › '), ...cardShares(card)] },
      { title: t('border'), texts: [listing(card.boundary.levels.map(say))] },
      { title: t('seen'), texts: seen({ ...card, first_at: card.first_seen, last_at: card.last_seen }) },
      { title: t('zone'), texts: [card.zone ? zoneSaid(card.zone) : t('noZone')] },
      { title: t('regime'), texts: regime.length > 1 && regime[1]!.startsWith(regime[0]!) ? regime.slice(1) : regime },
      {
        title: t('reason'),
        texts: [say(card.screening), ...card.screening.reasons.map(say), ...(card.screening.reasons.length ? [] : [t('noReason')])],
      },
      { title: t('verification'), texts: standing(card) },
      { title: t('ruling'), texts: card.rulings.filter((one) => one.in_force).map((one) => `${one.value} · ${one.reason} · ${one.actor} ${one.at.slice(0, 10)}`) },
      { title: t('pending'), texts: card.pending.map(say) },
      { title: t('charge'), texts: (card.money ?? []).flatMap(money) },
      { title: t('duty'), texts: card.duties.map((one) => [...new Set([either(one.role_zh, one.role_en), one.title, one.person, one.phone])].filter(Boolean).join(' ')) },
      { title: t('issues'), texts: card.lists.map((one) => t('listNumber', { unit: one.unit_name || one.unit, day: one.fire_day, n: one.number })) },
      { title: t('sources'), texts: [clauses(card.layers.filter((one) => one.name).map((one) => `${one.name} v${one.version ?? ''} ${listing(one.statuses.map(say))}`).filter((text, at, all) => all.indexOf(text) === at))] },
    ].map((line) => ({ ...line, texts: line.texts.filter(Boolean) })).filter((line) => line.texts.length > 0),
    calls: card.duties.flatMap((one) => {
      const tel = (one.phone ?? '').replaceAll(/[^\d+]/g, '');
      return tel ? [{ text: `${either(one.role_zh, one.role_en)} ${one.person}`, tel }] : [];
    }),
    ways: ways(card),
  };
}

/** Say a zone with its kind, unless its name says it already. */
function zoneSaid({ code: id, name, kind }: NonNullable<Card['zone']>): string {
  const said = name ?? id;
  const word = code('zoneKind', kind);
  return word && !said.includes(word) ? `${said}${aside(word)}` : said;
}

function cardShares(card: Card): string[] {
  const { county_share, cropland_share, border_distance_m, counties } = card.shares;
  const several = counties.length > 1 ? listing(counties.map((one) => `${one.name ?? t('others')} ${percent(one.share)}`)) : '';
  return [...shares({ county_share, cropland_share, border_distance_m }), several];
}

function standing(card: Card): string[] {
  const { verification } = card;
  return [
    either(verification.zh, verification.en) + (verification.due ? ` · ${t('due', { at: verification.due.slice(0, 16).replace('T', ' ') })}` : ''),
    ...(verification.contradicted ? [t('contradicted')] : []),
    ...findings(verification.records),
  ];
}

function money(one: NonNullable<Card['money']>[number]): string[] {
  const facts = [one.rulebook?.title, one.clause, one.amount === null ? null : `${yuan(one.amount)} ${t('yuan')}`, one.payer_name].filter(Boolean).join(' · ');
  return [either(one.zh, one.en), facts];
}

/** The ways a device can take: a phone's own map applications, a desk's web pages; each says its datum. */
function ways(card: Card): CardData['ways'] {
  const agent = navigator.userAgent;
  const device = /Android/.test(agent) ? 'android' : /iPhone|iPad/.test(agent) ? 'ios' : 'web';
  const wanted = device === 'web' ? ['app:geo', 'web'] : ['app', device];
  const seenMaps = new Set<string>();
  return card.navigate.links
    .filter((one) => wanted.includes(one.platform) || wanted.includes(`${one.platform}:${one.map}`))
    .filter((one) => !seenMaps.has(one.map) && seenMaps.add(one.map))
    .map((one) => ({ text: `${either(one.zh, one.en)} ${one.datum === 'gcj02' ? 'GCJ-02' : 'WGS84'}`, href: one.uri, web: one.uri.startsWith('https:') }));
}

function ofPoint(point: Told): CardData {
  const place = [point.county, point.township, point.grid].filter(Boolean).join(' · ') || t('noCounty');
  return {
    id: point.fire_point_id,
    asked: point.asked,
    resolvesTo: point.resolves_to,
    place,
    day: point.fire_day,
    lon: point.lon,
    lat: point.lat,
    screen: point.screen,
    status: point.status,
    levels: ['local', 'city', 'province'],
    marks: [...statusesOf(point.layers)].map((one) => code('data', one)),
    lines: [
      { title: t('whose'), texts: [[point.city, place].filter(Boolean).join(' · '), ...shares(point)] },
      { title: t('border'), texts: borders(point) },
      { title: t('seen'), texts: seen(point) },
      { title: t('zone'), texts: [point.zone ?? t('noZone')] },
      { title: t('regime'), texts: [either(point.regime_zh, point.regime_en) || t('unknownRegime')] },
      { title: t('reason'), texts: reasons(point) },
      { title: t('verification'), texts: findings(point.verifications ?? []) },
      { title: t('sources'), texts: sources(point.layers) },
    ].filter((line) => line.texts.length > 0),
    calls: callable(point.duties),
    ways: [{ text: `${t('navigate')} ${t('navWgs')}`, href: geo(point.lon, point.lat, place), web: false }],
  };
}

/** What the list already says of a point, for the field without a network; `levels` are those of an earlier card. */
export function ofRow(row: Row, list: FireList, levels: string[]): CardData {
  const place = [row.county, row.township, row.grid].filter(Boolean).join(' · ') || t('noCounty');
  return {
    id: row.fire_point_id,
    asked: row.fire_point_id,
    resolvesTo: null,
    place,
    day: list.fire_day,
    lon: row.lon,
    lat: row.lat,
    screen: row.screen,
    status: row.status,
    levels,
    marks: list.status === 'official' ? [] : [code('data', list.status)],
    lines: [
      { title: t('whose'), texts: [place, ...shares({ ...row, border_distance_m: null })] },
      { title: t('border'), texts: borders(row) },
      { title: t('seen'), texts: seen({ ...row, first_at: row.first_seen, last_at: row.last_seen }) },
      { title: t('zone'), texts: [row.zone ?? t('noZone')] },
      { title: t('regime'), texts: [code('regime', row.regime)] },
      { title: t('reason'), texts: [code('screen', row.screen)] },
      { title: t('verification'), texts: [code('status', row.status)] },
      { title: t('duty'), texts: row.duty },
    ].filter((line) => line.texts.length > 0),
    calls: row.duty.flatMap((text) => {
      const tel = /(?:^|\D)(1\d{10}|0\d{2,3}[- ]?\d{7,8})(?!\d)/.exec(text)?.[1];
      return tel ? [{ text: text.replace(tel, '').trim(), tel: tel.replaceAll(/[- ]/g, '') }] : [];
    }),
    ways: [{ text: `${t('navigate')} ${t('navWgs')}`, href: geo(row.lon, row.lat, place), web: false }],
  };
}

export function geo(lon: number, lat: number, label: string): string {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(label)})`;
}

function shares(point: Pick<Told, 'county_share' | 'cropland_share' | 'border_distance_m'>): string[] {
  const texts = [];
  if (point.county_share !== null) texts.push(`${t('share')} ${percent(point.county_share)}`);
  if (point.cropland_share !== null) texts.push(`${t('cropland')} ${percent(point.cropland_share)}`);
  if (point.border_distance_m !== null) texts.push(t('borderDistance', { m: Math.round(point.border_distance_m) }));
  return texts.length ? [texts.join(' · ')] : [];
}

function borders(point: Pick<Told, 'boundary_case'>): string[] {
  const doubt = Object.keys(point.boundary_case).filter((level) => point.boundary_case[level]);
  return doubt.length ? [listing(doubt.map((level) => code('place', level)))] : [];
}

function seen(point: Pick<Told, 'first_at' | 'last_at' | 'satellites' | 'pixels' | 'confidence' | 'frp_mw' | 'lon' | 'lat'>): string[] {
  const frp = point.frp_mw === null ? '' : ` · ${t('frp')} ${point.frp_mw.toFixed(1)} MW`;
  return [
    `${shortSpan(point.first_at, point.last_at)} ${t('beijing')}`,
    `${listing(point.satellites)} · ${number(point.pixels)} ${t('pixels')} · ${t('confidence')} ${code('confidence', point.confidence)}${frp}`,
    `${point.lon.toFixed(5)}, ${point.lat.toFixed(5)}`,
  ];
}

function reasons(point: Told): string[] {
  if (!point.reasons.length) return [point.screen === 'counted' ? t('noReason') : code('screen', point.screen)];
  return point.reasons.map((one) => {
    const rest = ['name', 'detail', 'zh'].map((name) => one[name]).filter((value) => typeof value === 'string');
    return [code('screen', String(one['code'] ?? '')), ...rest].join(' · ');
  });
}

function findings(records: readonly object[]): string[] {
  if (!records.length) return [t('noRecord')];
  return (records as Record<string, unknown>[]).map((one) =>
    [String(one['found_at'] ?? '').slice(0, 16).replace('T', ' '), code('level', String(one['level'] ?? '')), code('finding', String(one['finding'] ?? '')), one['note']]
      .filter(Boolean)
      .join(' · '),
  );
}

function sources(layers: Record<string, LayerUsed>): string[] {
  return Object.values(layers)
    .filter((one) => one.set ?? one.name)
    .map((one) => `${one.set ?? one.name} ${one.version ?? ''} ${one.status ? code('data', one.status) : ''}`.trim())
    .filter((text, place, all) => all.indexOf(text) === place);
}

function statusesOf(layers: Record<string, LayerUsed>): Set<string> {
  const found = new Set(Object.values(layers).flatMap((one) => [...(one.status ? [one.status] : []), ...(one.statuses ?? [])]));
  found.delete('official');
  return found;
}

function callable(duties: Record<string, unknown>[]): { text: string; tel: string }[] {
  return duties.flatMap((one) => {
    const tel = String(one['phone'] ?? '').replaceAll(/[^\d+]/g, '');
    return tel ? [{ text: `${code('role', String(one['role'] ?? ''))} ${String(one['person'] ?? '')}`.trim(), tel }] : [];
  });
}
