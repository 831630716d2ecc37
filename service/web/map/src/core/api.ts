/** Talking to the service: this origin only, the reader's cookie, and problems that speak both languages. */

import { either, t } from './i18n.ts';
import type { Calendar, Envelope, FireList, FirePoint, Found, Row, Session, Standing, Unit } from './types.ts';
import type { View } from './view.ts';

const API = '/api/v1';

/** What the service that sent this page offers; it writes it into the page, so that nothing has to be tried. */
const OFFERED = new Set(
  (document.querySelector<HTMLMetaElement>('meta[name="huodian-services"]')?.content ?? '').split(' ').filter(Boolean),
);

export function offers(service: string): boolean {
  return OFFERED.has(service);
}

export class Problem extends Error {
  readonly status: number;

  constructor(status: number, said: string) {
    super(said);
    this.status = status;
  }
}

type Params = Record<string, string | number | null | undefined>;

export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<Envelope<T>> {
  const answer = await ask(API + path + query(params), { ...(signal ? { signal } : {}), headers: { Accept: 'application/json' } });
  return (await answer.json()) as Envelope<T>;
}

/** Post a document under an idempotency key; the status is 0 when nobody answered. */
export async function post(path: string, body: unknown, key: string): Promise<{ status: number; said: string; data: unknown }> {
  try {
    const answer = await fetch(API + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(body),
      credentials: 'same-origin',
    });
    const data: unknown = await answer.json().catch(() => null);
    return { status: answer.status, said: answer.ok ? '' : saidBy(data, answer.status), data };
  } catch {
    return { status: 0, said: t('offline'), data: null };
  }
}

export function query(params: Params): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()}` : '';
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, t('offline'));
  }
  if (!answer.ok) throw new Problem(answer.status, saidBy(await answer.json().catch(() => null), answer.status));
  return answer;
}

function saidBy(document: unknown, status: number): string {
  const one = (document ?? {}) as { detail?: string; detail_en?: string };
  return either(one.detail, one.detail_en) || `HTTP ${status}`;
}

export const fireList = (day: string, signal?: AbortSignal): Promise<Envelope<FireList>> => get('/firelist', { date: day }, signal);

/** Return every point of a day that a screening reason left out, page by page. */
export async function leftOut(day: string, reason: string, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Envelope<{ rows: FirePoint[]; next: string | null }> = await get(
      '/firepoints',
      { date: day, screen: reason, limit: 1000, cursor },
      signal,
    );
    rows.push(...page.data.rows.map(asRow));
    cursor = page.data.next;
  } while (cursor !== null);
  return rows;
}

function asRow(point: FirePoint): Row {
  return { ...point, first_seen: point.first_at, last_seen: point.last_at, duty: [], change: null };
}

export async function session(): Promise<Session | null> {
  return offers('session') ? (await get<Session>('/session')).data : null;
}

/** Return the counts of a period, under the filters of the view: no count stands beside another that means less. */
export async function calendar(from: string, to: string, view: View): Promise<Calendar> {
  const params = {
    from,
    to,
    unit: view.county,
    status: view.status.join(','),
    screen: view.screen.join(','),
    confidence: view.confidence.join(','),
    satellite: view.satellite.join(','),
  };
  return (await get<Calendar>('/calendar', params)).data;
}

export async function search(q: string, signal: AbortSignal): Promise<Found> {
  if (!offers('search')) {
    return { units: (await get<{ units: Unit[] }>('/units', { q, limit: 12 }, signal)).data.units, fire_points: [] };
  }
  return (await get<Found>('/search', { q, limit: 12 }, signal)).data;
}

export async function unitsOf(code: string): Promise<Unit[]> {
  return (await get<{ units: Unit[] }>('/units', { code })).data.units;
}

export async function standing(season: string, level: string): Promise<Standing> {
  return (await get<Standing>('/standing', { season, level })).data;
}
