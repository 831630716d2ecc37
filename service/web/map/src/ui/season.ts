/** The season at a glance: the curve of the days, and a calendar that opens any of them. */

import type { App } from '../app.ts';
import { calendar, offers } from '../core/api.ts';
import { addDays, daysBetween, monthsBetween, seasonOf, weekday, type Season } from '../core/days.ts';
import { byKey, fill, h, svg } from '../core/dom.ts';
import { lang, number, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import type { CalendarDay } from '../core/types.ts';
import { describe } from './filters.ts';

const WEEK = { zh: ['一', '二', '三', '四', '五', '六', '日'], en: ['M', 'T', 'W', 'T', 'F', 'S', 'S'] };
const STEPS = [1, 10, 50, 200];

export function mountSeason(app: App, root: HTMLElement, active: () => boolean): void {
  let season = seasonOf(app.day);
  let read = '';
  let days = new Map<string, CalendarDay>();

  const load = async (): Promise<void> => {
    const view = app.view.get();
    const asked = [season.id, view.county, view.status, view.screen, view.confidence, view.satellite, app.data.get().pulse].join(' ');
    if (!active() || asked === read || !offers('calendar')) return;
    read = asked;
    try {
      const found = await calendar(season.start, season.end, view);
      if (asked === read) days = new Map(found.days.map((one) => [one.day, one]));
    } catch (error) {
      app.fault(error);
    }
    draw();
  };
  const move = (count: number): void => {
    season = seasonOf(addDays(count < 0 ? season.start : season.end, count));
    days = new Map();
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
      h('p', { class: 'quiet' }, `${t('filtersNow')}${describe(app)} · ${t('perDay')}`),
      offers('calendar') ? curve(app, season, days) : h('p', { class: 'quiet' }, t('noCalendar')),
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
        days = new Map();
      }
    }
    if (differs(now, before, 'date', 'lang', 'panel', 'county', 'status', 'screen', 'confidence', 'satellite')) draw();
    if (differs(now, before, 'date', 'county', 'status', 'screen', 'confidence', 'satellite', 'panel')) void load();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'today')) season = seasonOf(app.day);
    if (differs(now, before, 'today', 'pulse')) {
      draw();
      void load();
    }
  });
  draw();
  void load();
}

/** One bar a day; the day shown is marked. A log scale, or the one great day of a season hides the others. */
function curve(app: App, season: Season, days: Map<string, CalendarDay>): HTMLElement {
  const all = daysBetween(season.start, season.end < app.data.get().today ? season.end : app.data.get().today);
  const [width, height] = [Math.max(all.length, 30), 64];
  const most = Math.max(9, ...[...days.values()].map((one) => one.listed));
  const tall = (value: number): number => (value ? (Math.log10(1 + value) / Math.log10(1 + most)) * (height - 4) : 0);
  const bars = all.flatMap((day, place) => {
    const one = days.get(day);
    const rise = tall(one?.listed ?? 0);
    const chosen = day === app.day;
    if (!rise && !chosen) return [];
    const bar = svg('rect', { x: place, y: height - Math.max(rise, 1), width: 1, height: Math.max(rise, 1), class: chosen ? 'bar now' : 'bar' });
    return [chosen ? svg('rect', { x: place, y: 0, width: 1, height, class: 'cursor' }) : null, bar];
  });
  const total = [...days.values()].reduce((sum, one) => ({ points: sum.points + one.listed, pixels: sum.pixels + one.pixels }), { points: 0, pixels: 0 });
  const said = `${t('seasonCurve')} · ${t('pointsPixels', total)}`;
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

function monthTable(app: App, first: string, days: Map<string, CalendarDay>): HTMLElement {
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
        h('tr', null, Array.from({ length: 7 }, (_, place) => h('td', null, week[place] ? dayButton(app, week[place]!, days.get(week[place]!), today) : null))),
      ),
    ),
  );
}

function dayButton(app: App, day: string, one: CalendarDay | undefined, today: string): HTMLElement {
  const count = one?.listed ?? 0;
  const said = one?.satellites ? t('dayCounts', { day, points: count, pixels: one.pixels }) : t('dayUnseen', { day });
  const shade = STEPS.filter((step) => count >= step).length;
  return h(
    'button',
    {
      type: 'button',
      class: one?.satellites ? `day s${shade}` : 'day unseen',
      'data-key': day,
      disabled: day > today,
      'aria-current': day === app.day ? 'date' : null,
      'aria-label': said,
      title: said,
      onclick: () => app.goDay(day),
    },
    h('span', { class: 'd' }, String(Number(day.slice(8)))),
    one?.satellites ? h('span', { class: 'n' }, number(count)) : null,
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
