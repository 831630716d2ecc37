/** Reporting a finding from the card. What is typed is kept as it is typed; what is sent is kept until it is answered. */

import type { App } from '../app.ts';
import { beijingMinute } from '../core/days.ts';
import { fill, h } from '../core/dom.ts';
import { code, headed, t } from '../core/i18n.ts';
import { freshKey, type Report } from '../core/outbox.ts';
import type { VerificationBody } from '../core/types.ts';
import { CODES, type CodeTable } from '../core/words.ts';
import type { CardData } from './card_data.ts';

interface Draft {
  finding: string;
  level: string;
  foundAt: string;
  note: string;
  area: string;
  source: string;
}

/** A draft is of a point and of whoever typed it: a device may have several users. */
const draftName = (actor: string, id: string): string => `huodian.draft.${actor}.${id}`;

/** Return the form of a point with its reports that wait or were refused. */
export function reportForm(app: App, card: CardData, waiting: readonly Report[], open: boolean, toggled: (open: boolean) => void): HTMLElement {
  const draft = readDraft(app.actor, card);
  const said = h('p', { class: 'said', role: 'status' });
  const button = h('button', { type: 'submit', class: 'b go', 'data-key': 'send' }, t('send'));
  const keep = (): void => keepDraft(app.actor, card.id, draft, said);
  const form = h(
    'form',
    {
      class: 'report',
      onsubmit: (event: Event) => {
        event.preventDefault();
        void send(app, card, draft, button, said);
      },
      oninput: keep,
    },
    pick('finding', t('finding'), 'finding', draft.finding, (value) => (draft.finding = value), true),
    pick('level', t('level'), 'level', draft.level, (value) => (draft.level = value), false, card.levels),
    h('label', { class: 'wide' }, t('foundAt'), field('datetime-local', 'foundAt', draft.foundAt, (value) => (draft.foundAt = value), { required: true })),
    pick('source', t('sourceKind'), 'source', draft.source, (value) => (draft.source = value), true),
    h('label', null, t('area'), field('text', 'area', draft.area, (value) => (draft.area = value), { placeholder: t('areaHint'), maxlength: 40 })),
    h(
      'label',
      { class: 'wide' },
      t('note'),
      h('textarea', { name: 'note', 'data-key': 'note', rows: 2, maxlength: 2000, value: draft.note, oninput: (event: Event) => (draft.note = (event.target as HTMLTextAreaElement).value) }),
    ),
    said,
    button,
  );
  return h(
    'details',
    {
      class: 'reporting',
      open,
      ontoggle: (event: Event) => {
        const box = event.target as HTMLDetailsElement;
        toggled(box.open);
        if (box.open) box.scrollIntoView({ block: 'nearest' });
      },
    },
    h('summary', { 'data-key': 'report' }, t('report')),
    waiting.map((one) => kept(app, card, one)),
    waiting.some((one) => one.state === 'waiting') ? null : form,
  );
}

/** A report that is on this device only: waiting for the network, or refused with a reason. */
function kept(app: App, card: CardData, report: Report): HTMLElement {
  const refused = report.state === 'refused';
  return h(
    'div',
    { class: refused ? 'kept bad' : 'kept' },
    h('p', null, `${code('finding', report.body.finding)} · ${report.body.found_at.slice(0, 16).replace('T', ' ')}`),
    h('p', null, refused ? t('refused', { said: report.said ?? '' }) : t('kept')),
    refused
      ? h(
          'button',
          {
            type: 'button',
            'data-key': `edit-${report.key}`,
            onclick: () => {
              localStorage.setItem(draftName(app.actor, card.id), JSON.stringify(draftOf(report.body)));
              app.outbox.drop(report.key);
            },
          },
          t('edit'),
        )
      : h('button', { type: 'button', 'data-key': `retry-${report.key}`, onclick: () => void app.flush() }, t('retry')),
    refused ? h('button', { type: 'button', 'data-key': `drop-${report.key}`, onclick: () => app.outbox.drop(report.key) }, t('discard')) : null,
  );
}

async function send(app: App, card: CardData, draft: Draft, button: HTMLButtonElement, said: HTMLElement): Promise<void> {
  if (!draft.finding || !draft.foundAt) {
    fill(said, t('needFields'));
    return;
  }
  button.disabled = true; // one press, one report
  fill(said, t('sending'));
  const report: Report = { key: freshKey(), actor: app.actor, point: card.id, body: bodyOf(draft), made: new Date().toISOString(), state: 'waiting' };
  try {
    const sent = app.outbox.submit(report);
    // The device has the report now, or has thrown: the draft goes before the form is made anew.
    if (app.outbox.of(app.actor).some((one) => one.key === report.key)) localStorage.removeItem(draftName(app.actor, card.id));
    await sent;
  } catch {
    button.disabled = false; // the device keeps nothing (full, or forbidden): say so and lose nothing
    fill(said, t('unsaved'));
    return;
  }
  if (app.outbox.of(app.actor).every((one) => one.key !== report.key)) {
    app.tell(headed(t('recorded'), code('finding', report.body.finding)));
    await app.refresh();
  }
}

function bodyOf(draft: Draft): VerificationBody {
  return {
    finding: draft.finding,
    level: draft.level,
    found_at: `${draft.foundAt.slice(0, 16)}:00+08:00`,
    ...(draft.note.trim() ? { note: draft.note.trim() } : {}),
    ...(draft.area.trim() ? { area: draft.area.trim() } : {}),
    ...(draft.source ? { source_kind: draft.source } : {}),
  };
}

function draftOf(body: VerificationBody): Draft {
  return { finding: body.finding, level: body.level, foundAt: body.found_at.slice(0, 16), note: body.note ?? '', area: body.area ?? '', source: body.source_kind ?? '' };
}

function readDraft(actor: string, { id, levels }: CardData): Draft {
  const empty: Draft = { finding: '', level: levels[0] ?? 'local', foundAt: beijingMinute(), note: '', area: '', source: '' };
  try {
    return { ...empty, ...(JSON.parse(localStorage.getItem(draftName(actor, id)) ?? '{}') as Partial<Draft>) };
  } catch {
    return empty;
  }
}

function keepDraft(actor: string, id: string, draft: Draft, said: HTMLElement): void {
  try {
    localStorage.setItem(draftName(actor, id), JSON.stringify(draft));
  } catch {
    fill(said, t('unsaved'));
  }
}

function pick(name: string, title: string, table: CodeTable, value: string, take: (value: string) => void, empty: boolean, only?: readonly string[]): HTMLElement {
  return h(
    'label',
    null,
    title,
    h(
      'select',
      { name, 'data-key': name, required: name === 'finding', oninput: (event: Event) => take((event.target as HTMLSelectElement).value) },
      empty ? h('option', { value: '' }, '—') : null,
      (only ?? Object.keys(CODES[table])).map((one) => h('option', { value: one, selected: one === value }, code(table, one))),
    ),
  );
}

function field(type: string, name: string, value: string, take: (value: string) => void, more: Record<string, unknown>): HTMLElement {
  return h('input', { type, name, 'data-key': name, value, oninput: (event: Event) => take((event.target as HTMLInputElement).value), ...more });
}
