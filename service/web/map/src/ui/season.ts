/** The season at a glance: the curve of the days, and a calendar that opens any of them. */

import type { App } from '../app.ts';
import { calendar, offers } from '../core/api.ts';
import { addDays, daysBetween, monthsBetween, seasonOf, weekday, type Season } from '../core/days.ts';
import { byKey, fill, h, svg } from '../core/dom.ts';
import { lang, number, t } from '../core/i18n.ts';
import type { Tally } from '../core/filter.ts';
import { differs } from '../core/store.ts';
import type { CalendarDay } from '../core/types.ts';
import { describe } from './filters.ts';

const WEEK = { zh: ['一', '二', '三', '四', '五', '六', '日'], en: ['M', 'T', 'W', 'T', 'F', 'S', 'S'] };
type Days = ReadonlyMap<string, CalendarDay>;
const STEPS = [1, 10, 50, 200];

export function mountSeason(app: App, root: HTMLElement, active: () => boolean): void {
  let season = seasonOf(app.day);
  let read = '';
  /** What the calendar counts: the season under these filters. */
  let counted = '';
  /** Null until the counts are here: nothing is known of a day then. */
  let days: Days | null = null;
  let failed = '';

  const load = async (): Promise<void> => {
    const view = app.view.get();
    const what = [season.id, view.county, view.status, view.screen, view.confidence, view.satellite].join(' ');
    const asked = `${what} ${app.data.get().pulse}`;
    if (!active() || asked === read || !offers('calendar')) return;
    read = asked;
    failed = '';
    if (what !== counted) {
      days = null; // counts under other filters are none of these
      draw();
    }
    try {
      const found = await calendar(season.start, season.end, view);
      if (asked !== read) return;
      days = new Map(found.days.map((one) => [one.day, one]));
      counted = what;
    } catch (error) {
      if (asked !== read) return;
      read = '';
      failed = error instanceof Error ? error.message : String(error);
      app.fault(error);
    }
    draw();
  };
  const move = (count: number): void => {
    season = seasonOf(addDays(count < 0 ? season.start : season.end, count));
    days = null;
    draw();
    void load();
  };
  const draw = (): void => {
    if (!active()) return;
    const { today } = app.data.get();
    fill(
      root,
      h(
        'div',
        { class: 'head' },
        h('button', { type: 'button', 'data-key': 'earlier', 'aria-label': t('earlier'), onclick: () => move(-1) }, '‹'),
        h('h2', null, t('seasonTitle', { season: season.id })),
        h('button', { type: 'button', 'data-key': 'later', 'aria-label': t('later'), disabled: season.end >= today, onclick: () => move(1) }, '›'),
      ),
      h('p', { class: 'quiet' }, `${t('filtersNow')}${describe(app)} · ${t(app.view.get().screen.length ? 'perDayChosen' : 'perDay')}`),
      days
        ? curve(app, season, days)
        : h('p', { class: failed ? 'warn' : 'quiet' }, !offers('calendar') ? t('noCalendar') : failed ? t('failed', { said: failed }) : t('loading')),
      h(
        'div',
        { class: 'months', onkeydown: (event: KeyboardEvent) => step(root, event) },
        monthsBetween(season.start, season.end)
          .filter((month) => month <= today)
          .reverse()
          .map((month) => monthTable(app, month, days)),
      ),
    );
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'date')) {
      const wanted = seasonOf(app.day);
      if (wanted.id !== season.id) {
        season = wanted;
        days = null;
      }
    }
    if (differs(now, before, 'date', 'lang', 'panel', 'county', 'status', 'screen', 'confidence', 'satellite')) draw();
    if (differs(now, before, 'date', 'county', 'status', 'screen', 'confidence', 'satellite', 'panel')) void load();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'today')) season = seasonOf(app.day);
    if (differs(now, before, 'today', 'pulse', 'names')) {
      draw();
      void load();
    }
  });
  draw();
  void load();
}

/** What a day counts: the listed points, as the list does; with a screening filter, those that pass it. */
function count(app: App, one: CalendarDay): Tally {
  return app.view.get().screen.length ? { points: one.fire_points, pixels: one.pixels } : { points: one.listed, pixels: one.listed_pixels };
}

/** One bar a day; the day shown is marked. A log scale, or the one great day of a season hides the others. */
function curve(app: App, season: Season, days: Days): HTMLElement {
  const all = daysBetween(season.start, season.end < app.data.get().today ? season.end : app.data.get().today);
  const [width, height] = [Math.max(all.length, 30), 64];
  const most = Math.max(9, ...[...days.values()].map((one) => count(app, one).points));
  const tall = (value: number): number => (value ? (Math.log10(1 + value) / Math.log10(1 + most)) * (height - 4) : 0);
  const bars = all.flatMap((day, place) => {
    const one = days.get(day);
    const rise = tall(one ? count(app, one).points : 0);
    const chosen = day === app.day;
    if (!rise && !chosen) return [];
    const bar = svg('rect', { x: place, y: height - Math.max(rise, 1), width: 1, height: Math.max(rise, 1), class: chosen ? 'bar now' : 'bar' });
    return [chosen ? svg('rect', { x: place, y: 0, width: 1, height, class: 'cursor' }) : null, bar];
  });
  const total = [...days.values()]
    .map((one) => count(app, one))
    .reduce((sum, one) => ({ points: sum.points + one.points, pixels: sum.pixels + one.pixels }), { points: 0, pixels: 0 });
  const said = `${t('seasonCurve')} · ${t('pointsPixels', { ...total })}`;
  return h(
    'figure',
    { class: 'curve' },
    svg(
      'svg',
      {
        viewBox: `0 0 ${width} ${height}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': said,
        onclick: (event: MouseEvent) => {
          const box = (event.currentTarget as Element).getBoundingClientRect();
          const day = all[Math.floor(((event.clientX - box.left) / box.width) * width)];
          if (day) app.goDay(day);
        },
      },
      [10, 100, 1000].filter((one) => one < most).map((one) => svg('line', { x1: 0, x2: width, y1: height - tall(one), y2: height - tall(one), class: 'rule' })),
      bars,
    ),
    h('figcaption', null, h('span', null, season.start), h('span', null, said), h('span', null, all.at(-1) ?? '')),
  );
}

function monthTable(app: App, first: string, days: Days | null): HTMLElement {
  const { today } = app.data.get();
  const month = first.slice(0, 7);
  const cells: (string | null)[] = Array.from({ length: weekday(first) }, () => null);
  for (let day = first; day.startsWith(month); day = addDays(day, 1)) cells.push(day);
  const weeks: (string | null)[][] = [];
  while (cells.length) weeks.push(cells.splice(0, 7));
  const names = WEEK[lang()];
  return h(
    'table',
    { class: 'month' },
    h('caption', null, month),
    h('thead', null, h('tr', null, names.map((name) => h('th', { scope: 'col' }, name)))),
    h(
      'tbody',
      null,
      weeks.map((week) =>
        h('tr', null, Array.from({ length: 7 }, (_, place) => h('td', null, week[place] ? dayButton(app, week[place]!, days, today) : null))),
      ),
    ),
  );
}

function dayButton(app: App, day: string, days: Days | null, today: string): HTMLElement {
  const one = days?.get(day);
  const seen = one && (one.satellites || one.fire_points) ? count(app, one) : null;
  const unseen = !seen && days !== null && day <= today; // of a day to come, or not read yet, nothing is said
  const said = seen ? t('dayCounts', { day, ...seen }) : unseen ? t('dayUnseen', { day }) : day;
  const shade = STEPS.filter((step) => seen && seen.points >= step).length;
  return h(
    'button',
    {
      type: 'button',
      class: unseen ? 'day unseen' : `day s${shade}`,
      'data-key': day,
      disabled: day > today,
      'aria-current': day === app.day ? 'date' : null,
      'aria-label': said,
      title: said,
      onclick: () => app.goDay(day),
    },
    h('span', { class: 'd' }, String(Number(day.slice(8)))),
    seen ? h('span', { class: 'n' }, number(seen.points)) : null,
  );
}

/** Arrow keys move from day to day. */
function step(root: HTMLElement, event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
  const day = (event.target as HTMLElement).dataset['key'];
  if (by === undefined || !day) return;
  byKey(root, addDays(day, by))?.focus();
  event.preventDefault();
}
