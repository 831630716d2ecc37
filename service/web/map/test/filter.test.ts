import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addDays, beijingMinute, beijingToday, fireDayAt, monthsBetween, seasonOf, shortSpan, weekday } from '../src/core/days.ts';
import { csv, facet, shown, tally } from '../src/core/filter.ts';
import type { Row } from '../src/core/types.ts';
import { EMPTY } from '../src/core/view.ts';

const row = (change: Partial<Row>): Row => ({
  fire_point_id: 'p', change: null, first_seen: '2023-10-29T12:36:00+08:00', last_seen: '2023-10-29T12:36:00+08:00',
  satellites: ['NOAA-20'], pixels: 1, lon: 125.5, lat: 44.25, county_code: '220182', county: '榆树市', township_code: null, township: null,
  grid_code: null, grid: null, duty: [], zone: null, regime: 'whole_area', boundary_case: {}, county_share: 1, cropland_share: null,
  confidence: 'nominal', frp_mw: 6.59, screen: 'counted', status: 'unverified', ...change,
});
const ROWS = [
  row({ fire_point_id: 'a', pixels: 3 }),
  row({ fire_point_id: 'b', county_code: '220283', status: 'confirmed', satellites: ['SNPP', 'NOAA-20'] }),
  row({ fire_point_id: 'c', screen: 'outside', county_code: null }),
  row({ fire_point_id: 'd', screen: 'zone_unknown', confidence: 'low' }),
];
const ids = (rows: readonly Row[]): string => rows.map((one) => one.fire_point_id).join('');

test('without a filter the list is that of the paper; a screening filter shows what was left out', () => {
  assert.equal(ids(shown(ROWS, EMPTY)), 'abd');
  assert.equal(ids(shown(ROWS, { ...EMPTY, screen: ['outside'] })), 'c');
  assert.equal(ids(shown(ROWS, { ...EMPTY, county: '220182' })), 'ad');
  assert.equal(ids(shown(ROWS, { ...EMPTY, status: ['confirmed'], satellite: ['SNPP'] })), 'b');
  assert.deepEqual(tally(shown(ROWS, EMPTY)), { points: 3, pixels: 5 });
});

test('each facet counts what the other filters leave', () => {
  const view = { ...EMPTY, county: '220182', confidence: ['low'] };
  assert.deepEqual([...facet(ROWS, view, 'county')], [['220182', 1]]);
  assert.deepEqual([...facet(ROWS, view, 'confidence')], [['low', 1], ['nominal', 1]]);
  assert.deepEqual([...facet(ROWS, EMPTY, 'satellite')], [['NOAA-20', 3], ['SNPP', 1]]);
});

test('an export has a heading, every row, and nothing a spreadsheet would run', () => {
  const text = csv([row({ township: '=1+1', grid: '甲,"乙"', duty: ['张三', '李四'], boundary_case: { county: true, zone: false } })]);
  assert.ok(text.startsWith('\uFEFFfire_point_id,change,'));
  const [, line, end] = text.split('\r\n');
  assert.ok(line!.includes("'=1+1") && line!.includes('"甲,""乙"""') && line!.includes('张三;李四') && line!.includes(',county,'));
  assert.equal(end, '');
});

test('days are those of Beijing', () => {
  assert.equal(beijingToday(new Date('2023-10-29T16:00:00Z')), '2023-10-30');
  assert.equal(beijingMinute(new Date('2023-10-29T15:59:00Z')), '2023-10-29T23:59');
  assert.equal(addDays('2024-02-28', 2), '2024-03-01');
  assert.equal(weekday('2023-10-29'), 6);
  assert.deepEqual(seasonOf('2024-03-01'), { id: '2023-2024', start: '2023-10-01', end: '2024-09-30' });
  assert.equal(seasonOf('2024-10-01').id, '2024-2025');
  assert.deepEqual(monthsBetween('2023-12-15', '2024-02-01'), ['2023-12-01', '2024-01-01', '2024-02-01']);
  assert.equal(shortSpan('2023-10-29T23:50:00+08:00', '2023-10-30T00:10:00+08:00'), '10-29 23:50–10-30 00:10');
});

test('a fire day begins at midnight in Beijing, or at the hour where a province cuts', () => {
  assert.equal(fireDayAt(new Date('2023-10-30T15:59:59Z'), '00:00'), '2023-10-30');
  assert.equal(fireDayAt(new Date('2023-10-30T16:00:00Z'), '00:00'), '2023-10-31');
  assert.equal(fireDayAt(new Date('2023-10-30T08:59:00Z'), '17:00'), '2023-10-30');
  assert.equal(fireDayAt(new Date('2023-10-30T09:00:00Z'), '17:00'), '2023-10-31');
});
