/**
 * Reports that must not get lost: each is kept on the device under its own key until the service has answered.
 *
 * The key is the Idempotency-Key of the request, so that a report sent twice is written once. A report belongs to whoever
 * was signed in when it was made and is never sent under another name.
 */

import type { VerificationBody } from './types.ts';

export interface Report {
  key: string;
  actor: string;
  point: string;
  body: VerificationBody;
  made: string;
  state: 'waiting' | 'refused';
  said?: string;
}

export type Outcome = { kind: 'done'; data: unknown } | { kind: 'later' } | { kind: 'refused'; said: string };

export interface Shelf {
  read(): Report[];
  write(reports: Report[]): void;
}

export class Outbox {
  private readonly shelf: Shelf;
  private readonly send: (report: Report) => Promise<Outcome>;
  private readonly changed: () => void;
  private running: Promise<void> | null = null;

  constructor(shelf: Shelf, send: (report: Report) => Promise<Outcome>, changed: () => void = () => undefined) {
    this.shelf = shelf;
    this.send = send;
    this.changed = changed;
  }

  of(actor: string): Report[] {
    return this.shelf.read().filter((one) => one.actor === actor);
  }

  /** Keep a report, then try to send it. The device has it before the network is asked. */
  async submit(report: Report): Promise<void> {
    this.put(report);
    await this.flush(report.actor);
  }

  /** Take a refused report out, to be changed or thrown away. */
  drop(key: string): void {
    this.shelf.write(this.shelf.read().filter((one) => one.key !== key));
    this.changed();
  }

  /** Send what waits, oldest first; a network that fails stops the round and keeps the rest. */
  async flush(actor: string): Promise<void> {
    while (this.running) await this.running;
    this.running = this.round(actor).finally(() => {
      this.running = null;
    });
    await this.running;
  }

  private async round(actor: string): Promise<void> {
    for (const report of this.of(actor)) {
      if (report.state === 'refused') continue;
      const outcome = await this.send(report);
      if (outcome.kind === 'later') return;
      if (outcome.kind === 'done') this.drop(report.key);
      else this.put({ ...report, state: 'refused', said: outcome.said });
    }
  }

  private put(report: Report): void {
    const others = this.shelf.read().filter((one) => one.key !== report.key);
    this.shelf.write([...others, report].sort((one, two) => (one.made < two.made ? -1 : 1)));
    this.changed();
  }
}

/** Say what an HTTP status means for a report: a refusal is final, everything else is tried again. */
export function outcomeOf(status: number, said: string, data: unknown): Outcome {
  if (status >= 200 && status < 300) return { kind: 'done', data };
  const later = status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
  return later ? { kind: 'later' } : { kind: 'refused', said };
}

/** Return a fresh idempotency key; `randomUUID` exists on secure origins only, and a county's intranet may have none. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `map-${[...bytes].map((one) => one.toString(16).padStart(2, '0')).join('')}`;
}

/** Reports on this device, in localStorage: other tabs see them, and they outlive the page. */
export function deviceShelf(storage: Storage, name = 'huodian.outbox'): Shelf {
  return {
    read(): Report[] {
      try {
        const kept: unknown = JSON.parse(storage.getItem(name) ?? '[]');
        return Array.isArray(kept) ? (kept as Report[]) : [];
      } catch {
        return [];
      }
    },
    write(reports: Report[]): void {
      storage.setItem(name, JSON.stringify(reports));
    },
  };
}
