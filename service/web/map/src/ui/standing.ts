/** How units stand in the season of the day: counts beside rates, sortable, money where the reader may see it. */

import type { App } from '../app.ts';
import { query, standing } from '../core/api.ts';
import { seasonOf } from '../core/days.ts';
import { fill, h } from '../core/dom.ts';
import { clauses, either, number, t, yuan } from '../core/i18n.ts';
import { differs } from '../core/store.ts';
import type { Standing, StandingRow } from '../core/types.ts';
import type { WordKey } from '../core/words.ts';

type Column = 'rank' | 'name' | 'listed' | 'verified' | 'denied' | 'open' | 'verification_rate' | 'amount';
const COLUMNS: readonly [Column, WordKey][] = [
  ['rank', 'rank'],
  ['name', 'unit'],
  ['listed', 'listedN'],
  ['verified', 'verified'],
  ['denied', 'deniedN'],
  ['open', 'open'],
  ['verification_rate', 'rate'],
  ['amount', 'amount'],
];
const LEVELS = ['county', 'city'] as const;

export function mountStanding(app: App, root: HTMLElement, active: () => boolean): void {
  let level: (typeof LEVELS)[number] = 'county';
  let by: Column = 'listed';
  let down = true;
  let read = '';
  let data: Standing | null = null;
  let failed = '';

  const load = async (): Promise<void> => {
    const season = seasonOf(app.day).id;
    const asked = `${season} ${level} ${app.data.get().pulse}`;
    if (!active() || asked === read) return;
    read = asked;
    failed = '';
    try {
      const found = await standing(season, level);
      if (asked !== read) return;
      data = found;
    } catch (error) {
      if (asked !== read) return;
      read = '';
      data = null;
      failed = error instanceof Error ? error.message : String(error);
      app.fault(error);
    }
    draw();
  };
  const draw = (): void => {
    if (!active()) return;
    if (!data) {
      fill(root, h('p', { class: failed ? 'warn' : 'quiet' }, failed ? t('failed', { said: failed }) : t('loading')));
      return;
    }
    const columns = COLUMNS.filter(([name]) => name !== 'amount' || data!.rows.some((row) => row.amount !== null));
    const rows = [...data.rows].sort((one, two) => (down ? -1 : 1) * compare(value(one, by), value(two, by)) || ((one.code ?? '~') < (two.code ?? '~') ? -1 : 1));
    fill(
      root,
      h(
        'div',
        { class: 'head' },
        h('h2', null, t('seasonTitle', { season: data.season })),
        LEVELS.map((name) =>
          h('button', { type: 'button', 'data-key': `level-${name}`, 'aria-pressed': String(name === level), onclick: () => ((level = name), void load()) }, t(`level_${name}`)),
        ),
      ),
      h('p', { class: 'quiet' }, [t('through', { day: data.through }), data.informal ? t('informal') : ''].filter(Boolean).join(' · ')),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('standing') },
        h(
          'table',
          { class: 'standing' },
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              columns.map(([name, word]) =>
                h(
                  'th',
                  { scope: 'col', 'aria-sort': name === by ? (down ? 'descending' : 'ascending') : null },
                  h(
                    'button',
                    {
                      type: 'button',
                      'data-key': `sort-${name}`,
                      onclick: () => {
                        down = name === by ? !down : name !== 'name' && name !== 'rank';
                        by = name;
                        draw();
                      },
                    },
                    t(word),
                    name === by ? (down ? ' ▾' : ' ▴') : '',
                  ),
                ),
              ),
            ),
          ),
          h('tbody', null, rows.map((row) => h('tr', { class: row.code !== null && row.code === app.view.get().county ? 'on' : null }, columns.map(([name]) => cell(app, row, name))))),
        ),
      ),
      h('p', { class: 'quiet' }, clauses([data.rank_rule, ...data.notes].map((one) => either(one.zh, one.en)))),
      h(
        'div',
        { class: 'exports' },
        h('span', { class: 'quiet' }, t('export')),
        h('a', { href: `/api/v1/standing${query({ season: data.season, level, format: 'csv' })}`, download: '' }, 'CSV'),
      ),
    );
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'lang', 'county', 'panel')) draw();
    if (differs(now, before, 'date', 'panel')) void load();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'today', 'pulse')) void load();
  });
  void load();
}

function cell(app: App, row: StandingRow, name: Column): HTMLElement {
  if (name === 'name') {
    const { code } = row;
    const take = (): void => {
      app.learn([row]);
      app.go({ county: code!, panel: 'list' }, true);
    };
    const pick = h('button', { type: 'button', class: 'plain', 'data-key': `unit-${code}`, onclick: take }, row.name);
    return h('th', { scope: 'row' }, row.level === 'county' && code !== null ? pick : row.name);
  }
  const one = value(row, name);
  return h('td', null, one === null ? '—' : name === 'verification_rate' ? String(row[name] ?? '—') : name === 'amount' ? yuan(row.amount ?? '') : number(Number(one)));
}

function value(row: StandingRow, name: Column): number | string | null {
  if (name === 'open') return row.unverified + (row.overdue ?? 0) + row.denial_unreviewed;
  if (name === 'verification_rate' || name === 'amount') return row[name] === null ? null : Number(row[name]);
  return row[name];
}

function compare(one: number | string | null, two: number | string | null): number {
  if (one === null || two === null) return one === two ? 0 : one === null ? -1 : 1;
  return one < two ? -1 : one > two ? 1 : 0;
}
