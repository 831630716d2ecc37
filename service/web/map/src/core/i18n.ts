/** The language in force and what is said in it. */

import type { Lang } from './types.ts';
import { CODES, WORDS, type CodeTable, type Pair, type WordKey } from './words.ts';

let current: Lang = 'zh';

export function setLang(lang: Lang): void {
  current = lang;
}

export function lang(): Lang {
  return current;
}

/** Say a word, with its blanks filled in. */
export function t(key: WordKey, blanks: Record<string, string | number> = {}): string {
  return fill(both(WORDS[key]), blanks);
}

/** Say a code of a closed list; one that is in no list stays as it is. */
export function code(table: CodeTable, value: string | null | undefined): string {
  if (value === null || value === undefined || value === '') return '';
  const pairs: Record<string, Pair> = CODES[table];
  const pair = pairs[value];
  return pair ? both(pair) : value;
}

/** Pick one of two sayings that the service gives side by side. */
export function either(zh: string | null | undefined, en: string | null | undefined): string {
  return (current === 'zh' ? zh || en : en || zh) ?? '';
}

export function number(value: number): string {
  return value.toLocaleString(current === 'zh' ? 'zh-CN' : 'en-GB');
}

/** Say an amount, `800,000` or `1,250.50`: from its text, as money is never a floating number. */
export function yuan(amount: string): string {
  const [whole = '', part] = amount.replace(/\.00$/, '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** Say a share; what is not quite whole, or not quite nothing, is not rounded into it. */
export function percent(share: number | null): string {
  if (share === null) return '';
  const whole = Math.round(share * 100);
  if (whole === 100 && share < 1) return '>99%';
  if (whole === 0 && share > 0) return '<1%';
  return `${whole}%`;
}

/** Several things of one kind: `甲、乙`, in English `a, b`. */
export function listing(parts: readonly string[]): string {
  return parts.join(current === 'zh' ? '、' : ', ');
}

/** Several statements in one line: `甲；乙`, in English `a; b`. */
export function clauses(parts: readonly string[]): string {
  return parts.join(current === 'zh' ? '；' : '; ');
}

/** A heading and what it says: `甲：乙`, in English `a: b`. */
export function headed(head: string, said: string): string {
  return `${head}${current === 'zh' ? '：' : ': '}${said}`;
}

/** A remark beside something: `（甲）`, in English ` (a)`. */
export function aside(said: string): string {
  return current === 'zh' ? `（${said}）` : ` (${said})`;
}

function both(pair: Pair): string {
  return pair[current === 'zh' ? 0 : 1];
}

function fill(text: string, blanks: Record<string, string | number>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = blanks[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}
