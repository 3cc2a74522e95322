import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { GroupCommit, type Lines } from '../../../src/telemetry/group-commit.js';

function group(answer: () => void | Promise<void> = () => undefined): { group: GroupCommit; appends: unknown[]; told: () => number } {
  const appends: unknown[] = [];
  let told = 0;
  const log: Lines = { append: (text, lines) => { appends.push([text, lines]); return answer(); } };
  return { group: new GroupCommit(log, () => { told++; }), appends, told: () => told };
}

describe('group commit', () => {
  it('appends the lines of one turn at once, in their order, and says so once', async () => {
    const { group: lines, appends, told } = group();
    const waits = [lines.append('a\n'), lines.append('b\n'), lines.append('c\n')];
    expect(appends).to.deep.equal([]);
    await Promise.all(waits);
    expect(appends).to.deep.equal([['a\nb\nc\n', 3]]);
    expect(told()).to.equal(1);
    await lines.append('d\n');
    expect(appends.slice(1)).to.deep.equal([['d\n', 1]]);
  });

  it('lets nobody go on before the append, nor before the disk where the log waits for it', async () => {
    let onDisk: () => void = () => undefined;
    const { group: lines, appends } = group(() => new Promise((resolve) => { onDisk = resolve; }));
    let gone = false;
    const wait = lines.append('a\n').then(() => { gone = true; });
    await Promise.resolve();
    expect({ gone, appends }).to.deep.equal({ gone: false, appends: [] });
    await nextTurn();
    await nextTurn();
    expect({ gone, appends: appends.length }).to.deep.equal({ gone: false, appends: 1 });
    onDisk();
    await wait;
  });

  it('takes what comes while it waits for the disk into the next append', async () => {
    let first = true;
    const done: string[] = [];
    const { group: lines, appends } = group(() => { const slow = first; first = false; return slow ? new Promise((resolve) => { setTimeout(resolve, 20); }) : undefined; });
    const slow = lines.append('a\n').then(() => done.push('a'));
    await nextTurn();
    await Promise.all([slow, lines.append('b\n').then(() => done.push('b'))]);
    expect(appends).to.deep.equal([['a\n', 1], ['b\n', 1]]);
    expect(done).to.deep.equal(['b', 'a']);
  });

  it('can be told not to wait for the end of the turn, once', async () => {
    const { group: lines, appends, told } = group();
    const wait = lines.append('a\n');
    lines.flush();
    lines.flush();
    expect(appends).to.deep.equal([['a\n', 1]]);
    await wait;
    await nextTurn();
    expect(appends).to.have.length(1);
    expect(told()).to.equal(1);
  });
});
