/** The state of the page and what can be done to it; the parts of the page watch and call this. */

import { deviceShelf, Outbox, outcomeOf, type Outcome, type Report } from './core/outbox.ts';
import * as api from './core/api.ts';
import { beijingToday, fireDayAt } from './core/days.ts';
import { LISTED, shown } from './core/filter.ts';
import { setLang, t } from './core/i18n.ts';
import { differs, Store } from './core/store.ts';
import type { FireList, Row, Session } from './core/types.ts';
import { decode, encode, type View } from './core/view.ts';
import type { FireMap } from './map/view.ts';

export interface Data {
  session: Session | null;
  today: string;
  /** The list of the day shown; null while it is on its way. */
  list: FireList | null;
  warnings: string[];
  revision: number;
  /** Left-out points by reason, as far as somebody asked for them. */
  extra: Record<string, Row[]>;
  loading: boolean;
  fault: string;
  /** Whether the fault is that nobody answered: tried again by itself. */
  cut: boolean;
  signedOut: boolean;
  /** Points that came while the page was open. */
  fresh: ReadonlySet<string>;
  /** Changes whenever the service told of something new. */
  pulse: number;
  /** Whether a tile on the screen holds less than there is. */
  capped: boolean;
  /** Whether the map is still being drawn, and has been for a while. */
  drawing: boolean;
  /** Several points under one click. */
  picked: string[];
  reports: Report[];
  told: string;
  /** Names of units by code, as far as they were told. */
  names: ReadonlyMap<string, string>;
  /** Whether the base map of others does not come. */
  baseAway: boolean;
}

const START: Data = {
  session: null,
  today: beijingToday(),
  list: null,
  warnings: [],
  revision: 0,
  extra: {},
  loading: false,
  fault: '',
  cut: false,
  signedOut: false,
  fresh: new Set(),
  pulse: 0,
  capped: false,
  drawing: false,
  picked: [],
  reports: [],
  told: '',
  names: new Map(),
  baseAway: false,
};

export class App {
  readonly view = new Store<View>(decode(location.search));
  readonly data = new Store<Data>(START);
  readonly outbox: Outbox;
  map: FireMap | null = null;
  /** Whether the address said where to look; else the map goes where the first card is. */
  placed = this.view.get().place !== null;
  private load = new AbortController();
  private readonly asked = new Set<string>();
  /** The fire day by the device's clock when the service last said which day it is. */
  private clockDay = '';

  constructor() {
    setLang(this.view.get().lang);
    this.outbox = new Outbox(deviceShelf(localStorage), sendReport, () => this.recount());
    this.view.watch((now, before) => {
      if (differs(now, before, 'lang')) setLang(now.lang);
      if (differs(now, before, 'date')) void this.loadDay();
      else if (differs(now, before, 'screen')) void this.loadExtra();
    });
    addEventListener('popstate', () => this.back());
  }

  /** Go where the address says: a step back or forward. Language, layers and base map are settings, and no steps. */
  private back(): void {
    const { lang, layers, base } = this.view.get();
    const view = { ...decode(location.search), lang, layers, base };
    this.data.set({ picked: [] });
    this.view.set(view);
    if (view.place) this.map?.jump(view.place);
    this.go({});
  }

  get day(): string {
    return this.view.get().date ?? this.data.get().today;
  }

  /** Every point of the day that has been loaded, listed ones first and in patrol order. */
  rows(): Row[] {
    const { list, extra } = this.data.get();
    return [...(list?.rows ?? []), ...Object.values(extra).flat()];
  }

  shown(): Row[] {
    return shown(this.rows(), this.view.get());
  }

  /** Return the name of a county; one that no row has told is asked for, and stands as its code until then. */
  nameOf(code: string): string {
    const known = this.data.get().names.get(code);
    if (known === undefined && this.data.get().list && !this.asked.has(code)) {
      this.asked.add(code);
      api.unitsOf(code).then((units) => this.learn(units), () => this.asked.delete(code));
    }
    return known ?? code;
  }

  learn(units: Iterable<{ code: string | null; name: string | null }>): void {
    const { names } = this.data.get();
    const fresh = [...units].flatMap(({ code, name }) => (code && name && !names.has(code) ? [[code, name] as const] : []));
    if (fresh.length) this.data.set({ names: new Map([...names, ...fresh]) });
  }

  row(id: string): Row | undefined {
    return this.rows().find((one) => one.fire_point_id === id);
  }

  /** Until the service has said who is looking, nobody may: a report kept without a name would never be sent. */
  may(permission: string): boolean {
    const { session } = this.data.get();
    return session === null ? !api.offers('session') : session.permissions.includes(permission);
  }

  /** Change the view and the address with it; `push` makes a step that the back button undoes. */
  go(change: Partial<View>, push = false): void {
    const next = { ...this.view.get(), ...change };
    const address = encode(next) || location.pathname;
    if (address !== (location.search || location.pathname)) {
      if (push) history.pushState(null, '', address);
      else history.replaceState(null, '', address);
    }
    this.view.set(change);
  }

  goDay(day: string): void {
    this.go({ date: day === this.data.get().today ? null : day, point: null }, true);
  }

  choose(id: string | null): void {
    this.data.set({ picked: [] });
    this.go({ point: id }, id !== null);
  }

  /** Begin anew when another tab has signed in as somebody else: nothing of one reader stays before another. */
  async recognise(): Promise<void> {
    const { session } = this.data.get();
    if (session && (await api.session())?.name !== session.name) location.reload();
  }

  tell(text: string): void {
    this.data.set({ told: text });
  }

  async start(): Promise<void> {
    // Where the address names the day, its list is asked for at once; it is shown after the session, which says where.
    const { date } = this.view.get();
    const { signal } = this.load;
    const early = date === null ? undefined : api.fireList(date, signal);
    early?.catch(() => undefined); // told where it is awaited
    try {
      this.meet(await api.session());
    } catch (error) {
      this.fault(error);
    }
    this.recount();
    await this.loadDay(this.data.get().list !== null, date === this.view.get().date && !signal.aborted ? early : undefined);
  }

  private meet(session: Session | null): void {
    if (!session) return;
    this.clockDay = fireDayAt(new Date(), session.cut);
    this.data.set({ session, today: session.fire_day });
    this.learn([session.unit, session.area].filter((one) => one !== null));
  }

  /**
   * Ask the service for its day when the device's clock has passed into another one: a page may stay open for weeks.
   *
   * Who looks at today goes along into the new day, unless a card is open: then the day of the card stays, by its date.
   */
  async followClock(): Promise<void> {
    const { session, today } = this.data.get();
    const day = session ? fireDayAt(new Date(), session.cut) : beijingToday();
    if (day === (session ? this.clockDay : today)) return;
    const now = await api.session();
    if (now && now.fire_day === today) return; // the service is not there yet: asked again at the next look
    const { date, point } = this.view.get();
    if (date === null && point !== null) this.go({ date: today });
    if (now) this.meet(now);
    else this.data.set({ today: day });
    this.tell(t('newDay', { day: this.data.get().today }));
    if (date === null && point === null) await this.loadDay();
  }

  /** Read the list of the day shown. With `keep`, the old rows stay until the new ones are here. */
  async loadDay(keep = false, early?: ReturnType<typeof api.fireList>): Promise<void> {
    if (!early) this.load.abort();
    const { signal } = (this.load = early ? this.load : new AbortController());
    const before = keep ? this.data.get().list : null;
    this.data.set({ loading: true, fault: '', cut: false, ...(keep ? {} : { list: null, extra: {}, fresh: new Set(), picked: [] }) });
    try {
      const answer = await (early ?? api.fireList(this.day, signal));
      const known = before && new Set(before.rows.map((row) => row.fire_point_id));
      const fresh = known ? answer.data.rows.map((row) => row.fire_point_id).filter((id) => !known.has(id)) : [];
      this.learn(answer.data.rows.map((row) => ({ code: row.county_code, name: row.county })));
      this.data.set({
        list: answer.data,
        warnings: answer.warnings,
        revision: answer.revision,
        loading: false,
        signedOut: false,
        fresh: new Set([...this.data.get().fresh, ...fresh]),
        ...(keep ? { extra: {} } : {}),
      });
      if (fresh.length) this.tell(t('newPoints', { n: fresh.length }));
      await this.loadExtra();
    } catch (error) {
      if (!signal.aborted) this.fault(error);
    }
  }

  /** Read the left-out points of the reasons that the view asks for. */
  private async loadExtra(): Promise<void> {
    const { list, extra } = this.data.get();
    const { signal } = this.load;
    const wanted = this.view.get().screen.filter((one) => !LISTED.includes(one) && !(one in extra) && list?.counts.left_out[one]);
    for (const reason of wanted) {
      try {
        const rows = await api.leftOut(this.day, reason, signal);
        this.learn(rows.map((row) => ({ code: row.county_code, name: row.county })));
        this.data.set({ extra: { ...this.data.get().extra, [reason]: rows } });
      } catch (error) {
        if (!signal.aborted) this.fault(error);
      }
    }
  }

  /** Something changed in the reader's scope: read again, and keep what is on the screen meanwhile. */
  async refresh(): Promise<void> {
    if (!this.data.get().session) await this.start();
    else await this.loadDay(this.data.get().list !== null);
    this.data.set({ pulse: this.data.get().pulse + 1 });
  }

  fault(error: unknown): void {
    const status = error instanceof api.Problem ? error.status : null;
    this.data.set({ loading: false, signedOut: status === 401, cut: status === 0, fault: error instanceof Error ? error.message : String(error) });
  }

  get actor(): string {
    return this.data.get().session?.name ?? '';
  }

  async flush(): Promise<void> {
    if (this.outbox.of(this.actor).some((one) => one.state === 'waiting')) await this.outbox.flush(this.actor);
  }

  private recount(): void {
    this.data.set({ reports: this.outbox.of(this.actor) });
  }
}

async function sendReport(report: Report): Promise<Outcome> {
  try {
    // The cookie is of every tab: whoever signed in elsewhere meanwhile must not be the one who reports this.
    const now = await api.session();
    if (now && now.name !== report.actor) return { kind: 'later' };
  } catch {
    return { kind: 'later' };
  }
  const answer = await api.post(`/firepoints/${encodeURIComponent(report.point)}/verifications`, report.body, report.key);
  return outcomeOf(answer.status, answer.said, answer.data);
}
