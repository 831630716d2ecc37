/** Keeping up without a reload: events of the service, and reports that wait for the network. */

import type { App } from './app.ts';
import { offers, query } from './core/api.ts';

const RESEND_MS = 30_000;
const POLL_MS = 120_000;

export function follow(app: App): void {
  const send = (): void => void app.flush().catch((error: unknown) => app.fault(error));
  const mend = (): void => {
    send();
    if (app.data.get().cut && navigator.onLine) void app.refresh();
  };
  addEventListener('online', mend);
  addEventListener('focus', () => app.recognise().catch(() => undefined));
  addEventListener('storage', () => app.data.set({ reports: app.outbox.of(app.actor) }));
  const look = (): void => {
    mend();
    app.followClock().catch(() => undefined); // no answer: the next look asks again
  };
  setInterval(look, RESEND_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') look();
  });
  send();
  if (offers('events')) listen(app);
  else setInterval(() => document.visibilityState === 'visible' && void app.refresh(), POLL_MS);
}

/** Read again when the revision rises above the one on the screen; bursts of changes are read once. */
function listen(app: App): void {
  const events = new EventSource(`/api/v1/events${query({ since: app.data.get().revision || null })}`);
  let timer = 0;
  const changed = (event: MessageEvent<string>): void => {
    const revision = revisionOf(event);
    if (revision !== null && revision <= app.data.get().revision) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void app.refresh(), 400);
  };
  events.onerror = () => {
    // A broken line is taken up again by the browser; a refusal (no place, signed out) is not, and reading says which.
    if (events.readyState !== EventSource.CLOSED) return;
    void app.refresh();
    setTimeout(() => listen(app), POLL_MS);
  };
  for (const name of ['message', 'revision']) events.addEventListener(name, changed as EventListener);
}

function revisionOf(event: MessageEvent<string>): number | null {
  const id = Number(event.lastEventId);
  if (event.lastEventId !== '' && Number.isFinite(id)) return id;
  try {
    const data: unknown = JSON.parse(event.data);
    if (typeof data === 'number') return data;
    const { revision } = data as { revision?: number };
    return revision ?? null;
  } catch {
    return null;
  }
}
