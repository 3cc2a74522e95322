import type { RecordFieldName } from '../../domain/record-fields.js';
import type { JsonObject } from '../json.js';
import { dataViewReferences } from './lens-charts.js';
import { PANELS } from './panels.js';

/** Of 7.17, so that 7.17, 8.x and 9.x take it: newer ones migrate, none takes what is newer than itself. */
const CORE = '7.17.0';
const DASHBOARD_WIDTH = 48;
const SLOWEST = 'slowest-requests';

/** What the table of the slowest requests shows of each. */
const SLOWEST_COLUMNS: readonly RecordFieldName[] = ['total_latency_ms', 'provider_latency_ms', 'provider', 'model', 'path', 'status_code', 'output_tokens', 'request_id'];

/** Everything that `gateway kibana import` sends for that ELASTICSEARCH_INDEX: data view, panels, dashboard; each after what it refers to. */
export function savedObjects(name: string): readonly JsonObject[] {
  return [dataView(name), ...PANELS.map(({ id, title, chart }) => saved('lens', `${name}-${id}`, { title, description: '', ...chart }, dataViewReferences(name), { lens: '7.16.0' })), slowest(name), dashboard(name)];
}

/** The same as the file that Kibana imports. */
export function ndjson(name: string): string {
  return savedObjects(name).map((object) => `${JSON.stringify(object)}\n`).join('');
}

/** NAME itself, not NAME*: the alias, the index or the data stream that every documented search uses. */
function dataView(name: string): JsonObject {
  return saved('index-pattern', name, { title: name, timeFieldName: 'timestamp' }, [], { 'index-pattern': '7.11.0' });
}

/** A saved search, since no chart shows single records. */
function slowest(name: string): JsonObject {
  const reference = 'kibanaSavedObjectMeta.searchSourceJSON.index';
  const attributes = {
    title: 'Slowest requests', description: '', hits: 0, version: 1, columns: SLOWEST_COLUMNS, sort: [['total_latency_ms', 'desc']],
    kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [], indexRefName: reference }) },
  };
  return saved('search', `${name}-${SLOWEST}`, attributes, [{ type: 'index-pattern', id: name, name: reference }], { search: '7.9.3' });
}

function dashboard(name: string): JsonObject {
  const all = [
    ...PANELS.map(({ id, width, height }) => ({ id, width, height, type: 'lens' })),
    { id: SLOWEST, width: DASHBOARD_WIDTH, height: 16, type: 'search' },
  ];
  let [x, y, rowHeight] = [0, 0, 0];
  const panels = all.map(({ id, width, height, type }) => {
    if (x + width > DASHBOARD_WIDTH) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridData = { x, y, w: width, h: height, i: id };
    [x, rowHeight] = [x + width, Math.max(rowHeight, height)];
    return { version: CORE, type, gridData, panelIndex: id, embeddableConfig: { enhancements: {} }, panelRefName: `panel_${id}` };
  });
  const attributes = {
    title: `AI gateway: ${name}`, description: 'Requests, latency, tokens, errors and cost of the AI gateway', hits: 0, version: 1,
    timeRestore: true, timeFrom: 'now-24h', timeTo: 'now', refreshInterval: { pause: true, value: 0 },
    panelsJSON: JSON.stringify(panels),
    optionsJSON: JSON.stringify({ useMargins: true, syncColors: false, hidePanelTitles: false }),
    kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [] }) },
  };
  const references = all.map(({ id, type }) => ({ name: `${id}:panel_${id}`, type, id: `${name}-${id}` }));
  return saved('dashboard', `${name}-overview`, attributes, references, { dashboard: '7.17.3' });
}

function saved(type: string, id: string, attributes: JsonObject, references: readonly JsonObject[], migrationVersion: JsonObject): JsonObject {
  return { type, id, attributes, references, migrationVersion, coreMigrationVersion: CORE };
}
