/** What must never be out of sight: the status of the data, the approval number, the source, the disclaimer. */

import type { App } from '../app.ts';
import { fill, h } from '../core/dom.ts';
import { code, either, listing, t } from '../core/i18n.ts';
import { differs } from '../core/store.ts';

export function mountFooter(app: App, root: HTMLElement): void {
  const draw = (): void => {
    const { session, list } = app.data.get();
    const approval = session?.map_approval;
    fill(
      root,
      marks(app).map((one) => h('span', { class: 'mark' }, one)),
      h('span', null, approval ? t('approval', { number: approval }) : t('noApproval')),
      h('span', null, either(session?.attribution, session?.attribution_en) || t('plainBase')),
      h('span', { class: 'wide' }, list ? feeds(app) : ''),
      h('span', { class: 'disclaimer wide' }, either(session?.disclaimer_zh, session?.disclaimer_en) || t('disclaimer')),
      h('span', { class: 'disclaimer narrow' }, t('disclaimer')),
    );
  };
  app.view.watch((now, before) => {
    if (differs(now, before, 'lang')) draw();
  });
  app.data.watch((now, before) => {
    if (differs(now, before, 'session', 'list')) draw();
  });
  draw();
}

/** The marks of everything that is not official, of the list and of what the session says is in use. */
export function marks(app: App): string[] {
  const { list, session } = app.data.get();
  const statuses = new Set([list?.status, session?.status, ...(session?.layers ?? []).map((one) => one.status)]);
  const shown = [...statuses].filter((one) => one !== undefined && one !== 'official');
  return shown.map((one) => code('data', one));
}

/** Say which feeds have arrived for the day, and which are missing. */
export function feeds(app: App): string {
  const all = app.data.get().list?.feeds ?? [];
  const missing = all.filter((one) => one.state !== 'arrived').map((one) => one.satellite);
  const here = all.filter((one) => one.state === 'arrived').map((one) => one.satellite);
  const parts = here.length ? [t('feeds', { names: listing(here) })] : [];
  if (missing.length) parts.push(t('feedsMissing', { names: listing(missing) }));
  return parts.join(' ');
}
