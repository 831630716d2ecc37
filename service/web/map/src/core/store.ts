/** A value that can be watched; changes of one turn are told once. */

export class Store<T extends object> {
  private value: T;
  private readonly watchers = new Set<(now: T, before: T) => void>();

  constructor(value: T) {
    this.value = value;
  }

  get(): T {
    return this.value;
  }

  /** Change some of the value and tell the watchers, unless nothing changed. */
  set(change: Partial<T>): void {
    const before = this.value;
    const now = { ...before, ...change };
    if ((Object.keys(change) as (keyof T)[]).every((name) => Object.is(before[name], now[name]))) return;
    this.value = now;
    for (const watcher of this.watchers) watcher(now, before);
  }

  watch(watcher: (now: T, before: T) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/** Whether some of the named parts differ. */
export function differs<T extends object>(now: T, before: T, ...names: (keyof T)[]): boolean {
  return names.some((name) => !Object.is(now[name], before[name]));
}
