import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { RECORD_FIELDS } from '../../../../src/domain/record-fields.js';
import { at, listAt, objectAt, stringAt, type JsonObject } from '../../../../src/elastic/json.js';
import { PROVIDERS } from '../../../../src/providers/registry.js';
import { PANELS } from '../../../../src/elastic/kibana/panels.js';
import { ndjson, savedObjects } from '../../../../src/elastic/kibana/saved-objects.js';

const objects = savedObjects('lab');
const byId = new Map(objects.map((object) => [stringAt(object, 'id') ?? '', object]));
const lenses = objects.filter((object) => object['type'] === 'lens');

describe('the saved objects for Kibana', () => {
  it('are in templates/kibana as the command sends them', () => {
    const file = readFileSync(new URL('../../../../templates/kibana/ai-gateway-metrics.ndjson', import.meta.url), 'utf8');
    expect(file).to.equal(ndjson('ai-gateway-metrics'), 'run `npx gateway kibana import --print > templates/kibana/ai-gateway-metrics.ndjson`');
  });

  it('are a data view, a panel each, a search and one dashboard, every id once and after the name', () => {
    expect(objects.map((object) => object['type'])).to.deep.equal(['index-pattern', ...PANELS.map(() => 'lens'), 'search', 'dashboard']);
    expect(byId.size).to.equal(objects.length);
    for (const id of byId.keys()) expect(id).to.match(/^lab/);
    expect(at(byId.get('lab'), 'attributes')).to.deep.equal({ title: 'lab', timeFieldName: 'timestamp' });
  });

  it('have the guide\'s five views, and what the gateway knows beyond them', () => {
    const views: Readonly<Record<string, readonly string[]>> = {
      'requests': ['provider', 'timestamp'],
      'latency-mean': ['provider', 'total_latency_ms'], 'latency-percentiles': ['total_latency_ms'], 'latency-by-model': ['provider', 'model', 'total_latency_ms'],
      'tokens': ['input_tokens', 'output_tokens'], 'tokens-by-model': ['model', 'input_tokens', 'output_tokens'],
      'error-rate': ['provider'], 'errors': ['provider', 'status_code', 'error_type', 'provider_error_type'], 'aborted': ['provider', 'error_type : \\"client_closed\\'],
      'cost': ['model', 'cost'],
      'overhead': ['overhead_us'], 'time-to-first-token': ['time_to_first_token_ms'], 'cache-share': ['cached_tokens', 'input_tokens'], 'rate-limited': ['status_code : 429'],
      'cost-per-thousand-tokens': ['cost', 'total_tokens'],
    };
    for (const [id, words] of Object.entries(views)) {
      const state = JSON.stringify(at(byId.get(`lab-${id}`), 'attributes', 'state'));
      for (const word of words) expect(state, id).to.include(`"${word}"`);
    }
    for (const percent of [95, 99]) expect(JSON.stringify(at(byId.get('lab-latency-percentiles'), 'attributes', 'state'))).to.include(`"percentile":${String(percent)}`);
    expect(at(byId.get('lab-slowest-requests'), 'attributes', 'sort')).to.deep.equal([['total_latency_ms', 'desc']]);
  });

  it('are of 7.17, each with the version of its type: Kibana takes nothing newer than itself, and migrates nothing that names no version', () => {
    const versions: Record<string, unknown> = { 'index-pattern': '7.11.0', lens: '7.16.0', search: '7.9.3', dashboard: '7.17.3' };
    for (const object of objects) {
      const type = String(object['type']);
      expect(object['migrationVersion']).to.deep.equal({ [type]: versions[type] });
      expect(object['coreMigrationVersion']).to.equal('7.17.0');
      expect(object).not.to.have.property('typeMigrationVersion');
    }
  });

  it('refer only to objects that come before them', () => {
    const seen = new Set<string>();
    for (const object of objects) {
      for (const reference of listAt(object, 'references')) {
        const target = byId.get(stringAt(reference, 'id') ?? '');
        expect(target?.['type'], JSON.stringify(reference)).to.equal(at(reference, 'type'));
        expect(seen).to.include(at(reference, 'id'));
      }
      seen.add(String(object['id']));
    }
  });

  it('show every panel once on the dashboard, none over another or beyond its 48 columns', () => {
    const attributes = objectAt(byId.get('lab-overview'), 'attributes');
    const panels = JSON.parse(stringAt(attributes, 'panelsJSON') ?? '') as JsonObject[];
    const names = listAt(byId.get('lab-overview'), 'references').map((reference) => stringAt(reference, 'name'));
    expect(panels.map((panel) => `${String(panel['panelIndex'])}:${String(panel['panelRefName'])}`)).to.deep.equal(names);
    const taken = new Set<string>();
    for (const panel of panels) {
      const { x, y, w, h } = panel['gridData'] as { x: number; y: number; w: number; h: number };
      expect(x + w).to.be.at.most(48);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const cell = `${String(column)},${String(row)}`;
          expect(taken, `${String(panel['panelIndex'])} at ${cell}`).not.to.include(cell);
          taken.add(cell);
        }
      }
    }
  });

  it('leave no record out of a split: those without the field and all beyond the largest have a part of their own', () => {
    const splits = lenses.flatMap((lens) => Object.values(objectAt(lens, 'attributes', 'state', 'datasourceStates', 'indexpattern', 'layers', 'l1', 'columns')))
      .filter((column) => at(column, 'operationType') === 'terms');
    expect(splits.length).to.be.above(10);
    for (const column of splits) {
      expect(at(column, 'params', 'otherBucket')).to.equal(true);
      expect(at(column, 'params', 'missingBucket')).to.equal(at(column, 'dataType') === 'string');
      // In the order of names the first few would hide the rest.
      if (at(column, 'params', 'orderBy', 'type') === 'alphabetical') expect(at(column, 'params', 'size')).to.be.at.least(PROVIDERS.length);
    }
  });

  for (const lens of lenses) {
    it(`${String(lens['id'])} names only columns that it has, and fields that records have`, () => {
      const layer = objectAt(lens, 'attributes', 'state', 'datasourceStates', 'indexpattern', 'layers', 'l1');
      const columns = objectAt(layer, 'columns');
      expect(layer['columnOrder']).to.deep.equal(Object.keys(columns));
      for (const column of Object.values(columns)) {
        for (const id of listAt(column, 'references')) expect(columns).to.have.property(String(id));
        const ordered = stringAt(column, 'params', 'orderBy', 'columnId');
        if (ordered !== undefined) expect(at(columns, ordered, 'operationType'), 'terms cannot be ordered by a formula').to.be.oneOf(['count', 'sum', 'average', 'max']);
        const field = stringAt(column, 'sourceField');
        if (field !== undefined && field !== 'Records') expect(RECORD_FIELDS.map((each) => each.name)).to.include(field);
        if (at(column, 'operationType') === 'formula') expect(at(column, 'params', 'formula')).to.equal(at(columns, String(listAt(column, 'references')[0]), 'params', 'tinymathAst', 'text'));
      }
      const visualization = objectAt(lens, 'attributes', 'state', 'visualization');
      const shown = [
        ...listAt(visualization, 'layers').flatMap((each) => [...listAt(each, 'accessors'), at(each, 'xAccessor'), at(each, 'splitAccessor')]),
        ...listAt(visualization, 'columns').map((each) => at(each, 'columnId')), visualization['accessor'],
      ].filter((id) => typeof id === 'string');
      expect(shown.length).to.be.above(0);
      for (const id of shown) expect(columns).to.have.property(id);
    });
  }
});
