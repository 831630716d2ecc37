/** Calendar days as ISO text. A fire day is a civil date in Beijing; nothing here depends on the phone's zone. */

const DAY_MS = 86_400_000;

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** Return today's date in Beijing. */
export function beijingToday(now: Date = new Date()): string {
  return new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Return the fire day of an instant: that of Beijing, or the next one from `cut` on where a province cuts in the afternoon. */
export function fireDayAt(now: Date, cut: string): string {
  const clock = beijingMinute(now);
  return cut > '00:00' && clock.slice(11) >= cut ? addDays(clock.slice(0, 10), 1) : clock.slice(0, 10);
}

/** Return the date and minute in Beijing of an instant. */
export function beijingMinute(now: Date = new Date()): string {
  return new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 16);
}

/** Return Monday as 0. */
export function weekday(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

export interface Season {
  id: string;
  start: string;
  end: string;
}

/** Return the season a day lies in, October to September, as the standing table counts it. */
export function seasonOf(day: string): Season {
  const year = Number(day.slice(0, 4)) - (day.slice(5) < '10-01' ? 1 : 0);
  return { id: `${year}-${year + 1}`, start: `${year}-10-01`, end: `${year + 1}-09-30` };
}

export function daysBetween(start: string, end: string): string[] {
  const days: string[] = [];
  for (let day = start; day <= end; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Return the months from `start` to `end`, each as its first day. */
export function monthsBetween(start: string, end: string): string[] {
  const months: string[] = [];
  let month = `${start.slice(0, 7)}-01`;
  while (month <= end) {
    months.push(month);
    month = `${addDays(month, 31).slice(0, 7)}-01`;
  }
  return months;
}

/** Return `10-29 12:36`, or `10-29 12:36–14:06` of a span; times carry Beijing's offset already. */
export function shortSpan(first: string, last: string): string {
  const text = `${first.slice(5, 10)} ${first.slice(11, 16)}`;
  if (last.slice(0, 16) === first.slice(0, 16)) return text;
  return `${text}–${last.slice(0, 10) === first.slice(0, 10) ? '' : `${last.slice(5, 10)} `}${last.slice(11, 16)}`;
}
