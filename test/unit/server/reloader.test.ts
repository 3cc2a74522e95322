import { expect } from 'chai';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load.js';
import { Failure } from '../../../src/domain/failure.js';
import { readLiveSettings } from '../../../src/server/live-settings.js';
import type { Logger } from '../../../src/server/logger.js';
import { Reloader } from '../../../src/server/reloader.js';
import { testFolder } from '../telemetry/folder.js';

describe('the reloader', () => {
  const folder = testFolder();
  let reloader: Reloader | undefined;
  let said: string[] = [];
  const logger = Object.fromEntries(['info', 'error'].map((level) => [level, (_: unknown, message?: string) => { said.push(message ?? String(_)); }])) as unknown as Logger;
  const keys = (): string => join(folder.path, 'keys');
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5); });
  };
  const read = (): Config => loadConfig({ env: { GATEWAY_API_KEYS_FILE: keys() }, cwd: folder.path });
  const start = async (readConfig: () => Config): Promise<Reloader> => {
    const config = read();
    return reloader = new Reloader({
      config, settings: await readLiveSettings(config), readConfig, apply: () => undefined, prepare: () => Promise.resolve(() => undefined), logger, pollMs: 10,
    });
  };
  beforeEach(async () => {
    said = [];
    await writeFile(keys(), 'team-a:key-of-team-a-0001');
  });
  afterEach(() => { reloader?.stop(); });

  it('a SIGHUP that changed nothing is a fault until one succeeds, whatever the files of secrets do', async () => {
    let bad = true;
    const running = await start(() => {
      if (bad) throw new Failure({ code: 'bad_value', message: 'PORT=x: must be a number', fix: 'Correct it.' });
      return read();
    });
    await running.reload();
    await writeFile(keys(), 'team-b:key-of-team-b-0001');
    await until(() => running.settings.apiKeys[0]?.label === 'team-b');
    await rm(keys());
    await until(() => running.counts.failed === 2);
    await writeFile(keys(), 'team-b:key-of-team-b-0001');
    await until(() => said.includes('the files of secrets can be used again'));
    expect(running.fault).to.equal('PORT=x: must be a number');
    bad = false;
    await running.reload();
    expect(running.fault).to.equal(undefined);
  });
  it('counts each SIGHUP that fails, and a file that cannot be used once', async () => {
    const running = await start(() => { throw new Error('no'); });
    await running.reload();
    await running.reload();
    expect(running.counts).to.deep.equal({ ok: 0, failed: 2 });
    await rm(keys());
    await until(() => running.counts.failed === 3);
    await writeFile(keys(), 'team-a:key-of-team-a-0001');
    await until(() => said.includes('the files of secrets can be used again'));
    expect(running.counts).to.deep.equal({ ok: 0, failed: 3 });
  });
});
