import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, EMPTY, encode, filtered, isDay, type View } from '../src/core/view.ts';

test('a view comes back from its address', () => {
  const view: View = {
    ...EMPTY,
    date: '2023-10-29',
    lang: 'en',
    county: '220182',
    status: ['unverified', 'overdue'],
    screen: ['outside'],
    satellite: ['NOAA-20'],
    place: { lon: 126.5, lat: 44.9, zoom: 8.25 },
    point: '20231029-5ef7cd29ed14',
    panel: 'season',
    layers: ['townships'],
    base: 'img',
  };
  assert.deepEqual(decode(encode(view)), view);
  assert.equal(encode(EMPTY), '');
  assert.deepEqual(decode(''), EMPTY);
});

test('what is no view is left out, never guessed', () => {
  const odd = decode('?date=2023-02-30&county=<b>&status=a,%3Cscript%3E,unverified&at=200,1,5&panel=x&point=a%20b&lang=fr&base=/etc');
  assert.deepEqual(odd, { ...EMPTY, status: ['a', 'unverified'] });
  assert.equal(decode('?at=1,2').place, null);
  assert.equal(decode('?at=1,2,3,4').place, null);
  assert.equal(isDay('2024-02-29'), true);
  assert.equal(isDay('2023-02-29'), false);
  assert.equal(isDay('29.10.2023'), false);
});

test('only what narrows the list is a filter', () => {
  assert.equal(filtered({ ...EMPTY, date: '2023-10-29', layers: ['zones'] }), false);
  assert.equal(filtered({ ...EMPTY, county: '220182' }), true);
  assert.equal(filtered({ ...EMPTY, confidence: ['high'] }), true);
});
