import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deviceShelf, freshKey, Outbox, outcomeOf, type Outcome, type Report } from '../src/core/outbox.ts';

class Memory {
  private readonly kept = new Map<string, string>();
  getItem(name: string): string | null {
    return this.kept.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.kept.set(name, value);
  }
}

const report = (key: string, actor = 'a', made = key): Report => ({
  key,
  actor,
  point: '20231029-1',
  body: { finding: 'straw', level: 'local', found_at: '2023-10-29T15:00:00+08:00' },
  made,
  state: 'waiting',
});

function box(answers: Outcome[]): { outbox: Outbox; sent: string[] } {
  const sent: string[] = [];
  const shelf = deviceShelf(new Memory() as unknown as Storage);
  const outbox = new Outbox(shelf, async (one) => {
    assert.ok(shelf.read().some((kept) => kept.key === one.key), 'it is kept before the network is asked');
    sent.push(one.key);
    return answers.shift() ?? { kind: 'later' };
  });
  return { outbox, sent };
}

test('a report waits for the network under one key and is gone when it was answered', async () => {
  const { outbox, sent } = box([{ kind: 'later' }, { kind: 'later' }, { kind: 'done', data: {} }]);
  await outbox.submit(report('k1'));
  await outbox.flush('a');
  assert.equal(outbox.of('a').length, 1);
  await outbox.flush('a');
  assert.deepEqual(sent, ['k1', 'k1', 'k1']);
  assert.deepEqual(outbox.of('a'), []);
});

test('oldest first; a network that fails keeps the rest untried', async () => {
  const { outbox, sent } = box([{ kind: 'later' }, { kind: 'later' }, { kind: 'done', data: {} }, { kind: 'later' }]);
  await outbox.submit(report('k2'));
  await outbox.submit(report('k1'));
  await outbox.flush('a');
  assert.deepEqual(sent, ['k2', 'k1', 'k1', 'k2']);
});

test('a refusal is kept with its reason until somebody decides', async () => {
  const { outbox, sent } = box([{ kind: 'refused', said: '时间不可能' }]);
  await outbox.submit(report('k1'));
  await outbox.flush('a');
  assert.deepEqual(sent, ['k1'], 'not sent again');
  assert.equal(outbox.of('a')[0]?.said, '时间不可能');
  outbox.drop('k1');
  assert.deepEqual(outbox.of('a'), []);
});

test("a report is never sent under another's name", async () => {
  const { outbox, sent } = box([{ kind: 'later' }]);
  await outbox.submit(report('k1', 'a'));
  await outbox.flush('b');
  assert.deepEqual(sent, ['k1']);
  assert.equal(outbox.of('b').length, 0);
});

test('two rounds at once send a report once', async () => {
  const { outbox, sent } = box([{ kind: 'later' }, { kind: 'done', data: {} }]);
  await outbox.submit(report('k1'));
  await Promise.all([outbox.flush('a'), outbox.flush('a')]);
  assert.deepEqual(sent, ['k1', 'k1']);
});

test('only a refusal for its content is final', () => {
  for (const status of [0, 401, 408, 429, 500, 503]) assert.equal(outcomeOf(status, '', null).kind, 'later', String(status));
  for (const status of [400, 403, 404, 409, 422]) assert.equal(outcomeOf(status, 'x', null).kind, 'refused', String(status));
  assert.equal(outcomeOf(201, '', {}).kind, 'done');
  assert.match(freshKey(), /^map-[0-9a-f]{32}$/);
  assert.notEqual(freshKey(), freshKey());
});

test('a shelf that holds nonsense is empty', () => {
  const memory = new Memory();
  memory.setItem('huodian.outbox', '{"');
  assert.deepEqual(deviceShelf(memory as unknown as Storage).read(), []);
});
