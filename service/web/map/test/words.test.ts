import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aside, clauses, code, either, headed, listing, percent, setLang, t, yuan } from '../src/core/i18n.ts';
import { CODES, WORDS } from '../src/core/words.ts';

const blanks = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]!).sort();

test('everything is said in both languages, with the same blanks', () => {
  const pairs = [...Object.entries(WORDS), ...Object.values(CODES).flatMap((table) => Object.entries(table))];
  for (const [key, [zh, en]] of pairs) {
    assert.ok(zh.trim() && en.trim(), key);
    assert.deepEqual(blanks(zh), blanks(en), key);
    if (key !== 'otherLanguage') assert.ok(!/[一-鿿]/.test(en.replace('12.5亩', '')), `${key} is English`);
    assert.ok(!/[一-鿿][,;:!?]/.test(zh), `${key} has full-width punctuation`);
  }
});

test('the language in force is spoken, Chinese first', () => {
  assert.equal(t('points', { n: 1234 }), '1,234 处火点');
  assert.equal(code('status', 'confirmed'), '已核实');
  assert.equal(code('status', 'something_new'), 'something_new');
  assert.equal(either('', 'only English'), 'only English');
  setLang('en');
  assert.equal(t('points', { n: 1234 }), '1,234 fire points');
  assert.equal(code('screen', 'outside'), 'outside the unit');
  assert.equal(either('中文', null), '中文');
  setLang('zh');
});

test('each language has its own punctuation', () => {
  assert.deepEqual([listing(['甲', '乙']), clauses(['甲', '乙']), headed('甲', '乙'), `甲${aside('乙')}`], ['甲、乙', '甲；乙', '甲：乙', '甲（乙）']);
  setLang('en');
  assert.deepEqual([listing(['a', 'b']), clauses(['a', 'b']), headed('a', 'b'), `a${aside('b')}`], ['a, b', 'a; b', 'a: b', 'a (b)']);
  setLang('zh');
});

test('an amount is grouped and never rounded', () => {
  assert.deepEqual(['800000.00', '1250.50', '99.05', '1234567.89', '0.00'].map(yuan), ['800,000', '1,250.50', '99.05', '1,234,567.89', '0']);
});

test('a share is not rounded into certainty', () => {
  assert.deepEqual([1, 0.996, 0.5, 0.004, 0, null].map(percent), ['100%', '>99%', '50%', '<1%', '0%', '']);
});
