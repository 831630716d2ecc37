/** The top of the page: whose list, of which day, and finding a unit. */

import type { App } from '../app.ts';
import { Problem, query, search } from '../core/api.ts';
import { addDays, weekday } from '../core/days.ts';
import { fill, h } from '../core/dom.ts';
import { aside, code, lang, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import type { Found, Unit } from '../core/types.ts';
import { isDay } from '../core/view.ts';

export function mountHeader(app: App, root: HTMLElement): void {
  const finder = h('div', { class: 'finder' });
  const title = h('h1');
  const dates = h('div', { class: 'days', role: 'group' });
  const links = h('nav', { class: 'links' });
  root.append(title, dates, finder, links); // each is drawn by itself: somebody may be typing in another
  const draw = (): void => {
    const { list, session } = app.data.get();
    const { county, lang: spoken } = app.view.get();
    const unit = session?.area?.name ?? list?.header?.unit ?? '';
    document.title = `${app.day} ${unit} ${t('title')}`;
    fill(title, h('span', { class: 'brand' }, t('title')), h('span', { class: 'sub' }, unit || t('subtitle')));
    fill(
      links,
      h('a', { href: `/m${query({ date: app.day, unit: county, lang: spoken === 'en' ? 'en' : '' })}` }, t('phoneList')),
      h('button', { type: 'button', 'data-key': 'print', class: 'plain', onclick: () => window.print() }, t('print')),
      h(
        'button',
        {
          type: 'button',
          'data-key': 'lang',
          class: 'plain',
          lang: app.view.get().lang === 'zh' ? 'en' : 'zh-CN',
          onclick: () => app.go({ lang: app.view.get().lang === 'zh' ? 'en' : 'zh' }),
        },
        t('otherLanguage'),
      ),
      h('a', { href: '/login' }, t('signIn')),
    );
  };
  const redraw = (): void => {
    draw();
    days(app, dates);
    mountFinder(app, finder);
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'lang')) redraw();
    else if (differs(now, before, 'date', 'county')) draw();
    if (differs(now, before, 'date')) days(app, dates);
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'list', 'session')) draw();
    if (differs(now, before, 'today')) {
      draw();
      days(app, dates);
    }
  });
  redraw();
}

function weekdayName(day: string): string {
  return (lang() === 'zh' ? ['周一', '周二', '周三', '周四', '周五', '周六', '周日'] : ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[weekday(day)]!;
}

/** The day comes first: arrows, a date field, today. What lies in the future is not offered. */
function days(app: App, root: HTMLElement): void {
  const { today } = app.data.get();
  const day = app.day;
  const step = (count: number, key: 'before' | 'after', sign: string): HTMLElement =>
    h(
      'button',
      {
        type: 'button',
        'data-key': key,
        'aria-label': t(key),
        title: t(key),
        disabled: addDays(day, count) > today,
        onclick: () => app.goDay(addDays(day, count)),
      },
      sign,
    );
  root.setAttribute('aria-label', t('date'));
  fill(
    root,
    step(-1, 'before', '‹'),
    h('input', {
      type: 'text', // a native date field shows the day in the form of the browser's language, not of the page
      inputmode: 'numeric',
      maxlength: 10,
      'data-key': 'date',
      'aria-label': `${t('date')} YYYY-MM-DD`,
      value: day,
      onchange: (event: Event) => {
        const field = event.target as HTMLInputElement;
        const wanted = isoDay(field.value);
        if (wanted && wanted <= today) app.goDay(wanted);
        else field.value = app.day;
      },
    }),
    h('span', { class: 'week' }, weekdayName(day)),
    step(1, 'after', '›'),
    h('button', { type: 'button', 'data-key': 'today', 'aria-pressed': String(day === today), onclick: () => app.goDay(today) }, t('today')),
  );
}

/** Read a day as people type it: 2023-10-29, 2023/10/29, 20231029. */
function isoDay(text: string): string | null {
  const found = /^\s*(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?\s*$/.exec(text);
  const day = found ? `${found[1]}-${found[2]!.padStart(2, '0')}-${found[3]!.padStart(2, '0')}` : '';
  return isDay(day) ? day : null;
}

/** A search field with a list of answers: arrow keys move, Enter takes, Escape closes. */
function mountFinder(app: App, root: HTMLElement): void {
  const answers = h('ul', { id: 'found', role: 'listbox', 'aria-label': t('search'), hidden: true });
  const said = h('span', { class: 'quiet', role: 'status' });
  let timer = 0;
  let asked = new AbortController();
  let taken: (() => void)[] = [];
  let active = -1;

  const close = (): void => {
    answers.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (place: number): void => {
    active = place;
    [...answers.children].forEach((one, index) => one.setAttribute('aria-selected', String(index === place)));
    input.setAttribute('aria-activedescendant', `found-${place}`);
    answers.children[place]?.scrollIntoView({ block: 'nearest' });
  };
  const offer = (entries: { text: string; note: string; take: () => void }[]): void => {
    taken = entries.map((one) => one.take);
    answers.replaceChildren(
      ...entries.map((one, index) =>
        h(
          'li',
          {
            id: `found-${index}`,
            role: 'option',
            'aria-selected': 'false',
            onmousedown: (event: Event) => {
              event.preventDefault();
              close();
              one.take();
            },
          },
          one.text,
          h('span', { class: 'quiet' }, one.note),
        ),
      ),
    );
    said.textContent = entries.length ? '' : t('noneFound');
    answers.hidden = entries.length === 0;
    input.setAttribute('aria-expanded', String(entries.length > 0));
  };
  const find = async (text: string): Promise<void> => {
    asked.abort();
    asked = new AbortController();
    if (!text) {
      said.textContent = '';
      close();
      return;
    }
    try {
      const found = await search(text, asked.signal);
      offer([
        ...found.units.map((unit) => ({ text: unit.name, note: [unit.parent, unit.code].filter(Boolean).join(' '), take: () => takeUnit(app, unit) })),
        ...found.fire_points.map((one) => ({
          text: one.fire_point_id,
          note: [one.county, one.township].filter(Boolean).join(' '),
          take: () => takePoint(app, one),
        })),
      ]);
    } catch (error) {
      if (error instanceof Problem) said.textContent = error.message;
    }
  };
  const input = h('input', {
    type: 'search',
    role: 'combobox',
    'aria-label': t('search'),
    'aria-controls': 'found',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    placeholder: t('searchShort'),
    maxlength: 40,
    oninput: () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => void find(input.value.trim()), 200);
    },
    onblur: close,
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === 'Escape') close();
      if (answers.hidden) return;
      const count = taken.length;
      if (event.key === 'ArrowDown') mark((active + 1) % count);
      else if (event.key === 'ArrowUp') mark((active + count - 1) % count);
      else if (event.key === 'Enter') {
        taken[Math.max(active, 0)]?.();
        close();
      } else return;
      event.preventDefault();
    },
  });
  root.replaceChildren(input, answers, said);
}

/** A county becomes the filter; any unit with a known extent is brought into view. */
function takeUnit(app: App, unit: Unit): void {
  app.learn([unit]);
  if (unit.level === 'county' && unit.code) app.go({ county: unit.code, panel: 'list' }, true);
  if (unit.bbox) app.map?.fit(unit.bbox);
  app.tell(`${unit.name}${aside(code('place', unit.level))}`);
}

function takePoint(app: App, one: Found['fire_points'][number]): void {
  if (one.fire_day !== app.day) app.goDay(one.fire_day);
  app.map?.goTo(one.lon, one.lat);
  app.choose(one.fire_point_id);
}
